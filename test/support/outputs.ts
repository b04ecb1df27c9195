import { readFileSync } from 'node:fs';
import { z } from 'zod';

type Json = { [key: string]: unknown };

const stored = JSON.parse(readFileSync('schema/output.schema.json', 'utf8')) as {
  $schema: 'http://json-schema.org/draft-07/schema#';
  definitions: Json;
  properties: Record<string, Json>;
};
const closed = closedSchema(stored) as typeof stored;
const parsers = new Map<string, z.ZodType>();

/** The commands of which the output has a schema. */
export const COMMANDS = Object.keys(stored.properties);

/**
 * What is wrong with what a command has printed with `-o json`, by the schema that we publish; empty when nothing is. A key that the schema does
 * not name is wrong, too: the published one lets additions through, and a test is where they are made known.
 *
 * @param args as on the command line, the verb first
 */
export function faultsOf(args: readonly string[], stdout: string): string[] {
  if (!isJson(args) || stdout === '') return [];
  const name = commandOf(args);
  // A document has a schema of its own.
  if (name === 'get') return [];
  const lines = name === 'events --watch' || (name === 'status' && args.includes('--watch'));
  const texts = lines ? stdout.trim().split('\n') : [stdout];
  return texts.flatMap((text) => {
    const value = JSON.parse(text) as Json;
    const checked = parserOf('error' in value ? 'error' : name).safeParse(value);
    return checked.success ? [] : [`${name}: ${z.prettifyError(checked.error)}`];
  });
}

function isJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  return own.includes('--json') || own.some((arg, at) => arg === '-o' && own[at + 1] === 'json');
}

function commandOf([verb = '', ...args]: readonly string[]): string {
  if (verb === 'get') return args[0]?.startsWith('-') === false ? 'get' : 'list';
  const variant = ['--dry-run', '--watch', '--delete']
    .map((flag) => `${verb} ${flag}`)
    .find((one) => one in stored.properties);
  return variant !== undefined && args.includes(variant.split(' ')[1] ?? '') ? variant : verb;
}

function parserOf(name: string): z.ZodType {
  const known = parsers.get(name);
  if (known !== undefined) return known;
  const schema = closed.properties[name];
  if (schema === undefined) throw new Error(`schema/output.schema.json has no ${name}`);
  const parser = z.fromJSONSchema({ $schema: closed.$schema, definitions: closed.definitions, ...schema });
  parsers.set(name, parser);
  return parser;
}

/** With `additionalProperties: false` wherever properties are named. */
function closedSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closedSchema);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closedSchema(value)]));
  return inner['type'] === 'object' && 'properties' in inner ? { additionalProperties: false, ...inner } : inner;
}
