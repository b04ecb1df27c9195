import type { z } from 'zod';
import { nearest } from './nearest.js';
import type { Violation } from './violation.js';
import { valueAt, valueText } from './violation.js';
import { exampleOf, keysOf, schemaAt, textExampleOf, wantedText } from './walk.js';

type Issue = z.core.$ZodIssue;
type Path = (string | number)[];

/** Keys that people know from elsewhere, with their names here. */
const KNOWN_ELSEWHERE: Readonly<Record<string, string>> = {
  'spec.servers.replicas': 'the number of servers is spec.servers.count',
  'spec.agents': 'agents are in spec.pools',
  'spec.workers': 'agents are in spec.pools',
  'spec.version': 'the version is spec.k3s.version',
  'spec.name': 'the name is metadata.name',
  'spec.instanceType': 'types are spec.servers.instanceType and spec.pools[].instanceType',
  'metadata.namespace': 'clusters have no namespace',
};

/** Turns zod's issues into violations with hints from the schema. */
export function structureViolations(schema: z.core.$ZodType, value: unknown, issues: readonly Issue[]): Violation[] {
  return issues.slice(0, MOST_ISSUES).flatMap((issue) => explain(schema, value, issue));
}

function explain(schema: z.core.$ZodType, value: unknown, issue: Issue): Violation[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const field = schemaAt(schema, path);
  const found = valueAt(value, path);
  const one = (message: string, hint: string): Violation[] => [{ path, message, hint }];
  if (found === undefined) return one('is missing', wantedText(field));
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownKeys(path, issue.keys, keysOf(field));
    case 'invalid_union':
      return bestBranch(issue.errors).flatMap((inner) => {
        if (inner.path.length > 0 || inner.code === 'unrecognized_keys') {
          return explain(schema, value, { ...inner, path: [...path, ...inner.path] });
        }
        return one(`is ${valueText(found)}`, wantedText(field));
      });
    case 'invalid_type':
      // YAML reads `tier: 1` as a number and `on: true` as a boolean.
      if (
        issue.expected === 'string' &&
        typeof found !== 'object' &&
        (field === null || exampleOf(field) === undefined)
      ) {
        return one(`is ${valueText(found)}`, `${wantedText(field)}: write "${valueText(found)}" in quotes`);
      }
      return one(`is ${valueText(found)}`, wantedText(field));
    case 'invalid_value':
      return one(`is ${valueText(found)}`, wantedText(field));
    case 'too_small':
      return one(sizeText(found), `at least ${sizeLimit(found, issue.minimum)}`);
    case 'too_big':
      return one(sizeText(found), `at most ${sizeLimit(found, issue.maximum)}`);
    case 'invalid_format':
      return one(
        `${valueText(found)} ${issue.message}`,
        field === null ? '' : `for example ${textExampleOf(field) ?? '-'}`,
      );
    default:
      return one(issue.message, wantedText(field));
  }
}

/** Beyond this it is another kind of file, and suggestions for each key would only take time. */
const MOST_KEYS = 50;

/** Each suggestion compares a key with all known ones. */
const MOST_SUGGESTIONS = 20;

/** How many issues get an explanation; each costs a walk through schema and value. */
const MOST_ISSUES = 200;

function unknownKeys(path: Path, keys: readonly string[], known: string[]): Violation[] {
  const told = keys
    .slice(0, MOST_KEYS)
    .map((key, index) => unknownKey([...path, key], known, index < MOST_SUGGESTIONS));
  const more = keys.length - told.length;
  return more === 0
    ? told
    : [...told, { path, message: `has ${more} further unknown keys`, hint: 'see examples/ha.yaml' }];
}

function unknownKey(path: Path, known: string[], withSuggestion: boolean): Violation {
  const key = String(path.at(-1));
  if (known.includes(key)) {
    const others = known.filter((one) => one !== key);
    return { path, message: `cannot go together with ${others.join(', ')}`, hint: 'keep one of them', about: 'key' };
  }
  const suggestion = withSuggestion ? nearest(key, known) : null;
  const place = path.join('.');
  const elsewhere = Object.hasOwn(KNOWN_ELSEWHERE, place) ? KNOWN_ELSEWHERE[place] : undefined;
  const list = suggestion === null ? `known keys: ${known.join(', ')}` : `did you mean ${suggestion}?`;
  return { path, message: 'unknown key', hint: elsewhere ?? list, about: 'key' };
}

/** Returns the branch of a union that a value comes nearest to; nested unions count as one. */
function bestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  return branches.toSorted((a, b) => severity(a) - severity(b))[0] ?? [];
}

/** A wrong type says less about the intent than an unknown key or a syntax error inside. */
const severity = (issues: readonly Issue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === 'invalid_type' || issue.code === 'invalid_union' ? 10 : 1), 0);

function sizeText(value: unknown): string {
  if (typeof value === 'string') return `has ${value.length} characters`;
  if (Array.isArray(value)) return `has ${value.length} entries`;
  return `is ${valueText(value)}`;
}

function sizeLimit(value: unknown, limit: number | bigint): string {
  if (typeof value === 'string') return `${limit} characters`;
  if (Array.isArray(value)) return `${limit} ${Number(limit) === 1 ? 'entry' : 'entries'}`;
  return String(limit);
}
