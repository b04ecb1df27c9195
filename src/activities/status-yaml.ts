import { yamlOf } from '../document/write.js';

/** Words, names, addresses and times, as almost all texts of a status are: they stand as they are. */
const PLAIN = /^[A-Za-z][\w./()@+=-]*(?:(?:[ :]|[,;] )[\w./()@+=][\w./()@+=-]*)*$/;
const TIME_OR_ADDRESS = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|\d+\.\d+\.\d+\.\d+)$/;
/** What YAML reads as no text. [YAML 1.2.2, core schema] */
const WORDS: ReadonlySet<string> = new Set(['null', 'true', 'false']);

/**
 * Returns a status as `yamlOf` writes it. Of one of 500 nodes, 540 KB, YAML's library makes a document of nodes first, which holds the worker up for a quarter of a second and
 * more; here it writes only the texts that need quotes or lines of their own.
 */
export function statusYaml(status: object): string {
  const lines: string[] = [];
  writeMap(lines, status, '', '');
  return lines.length === 0 ? '{}\n' : `${lines.join('\n')}\n`;
}

/** @param first what the first line begins with: the dash of a list, or the indent of all lines */
function writeMap(lines: string[], data: object, first: string, indent: string): void {
  let head = first;
  for (const [key, value] of Object.entries(data)) {
    if (value === undefined) continue;
    writeEntry(lines, `${head}${isPlain(key) ? key : JSON.stringify(key)}:`, value, indent);
    head = indent;
  }
}

function writeEntry(lines: string[], head: string, value: unknown, indent: string): void {
  const inner = `${indent}  `;
  if (isEmpty(value)) lines.push(`${head} ${Array.isArray(value) ? '[]' : '{}'}`);
  else if (Array.isArray(value)) {
    lines.push(head);
    for (const item of value) writeItem(lines, item, inner);
  } else if (typeof value === 'object' && value !== null) {
    lines.push(head);
    writeMap(lines, value, inner, inner);
  } else lines.push(`${head} ${scalarOf(value, indent)}`);
}

function writeItem(lines: string[], item: unknown, indent: string): void {
  const [dash, inner] = [`${indent}- `, `${indent}  `];
  if (isEmpty(item)) lines.push(`${dash}${Array.isArray(item) ? '[]' : '{}'}`);
  else if (Array.isArray(item)) {
    const nested: string[] = [];
    for (const one of item) writeItem(nested, one, inner);
    lines.push(`${dash}${(nested[0] ?? '').slice(inner.length)}`, ...nested.slice(1));
  } else if (typeof item === 'object' && item !== null) writeMap(lines, item, dash, inner);
  else lines.push(`${dash}${scalarOf(item, indent)}`);
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every((one) => one === undefined);

const scalarOf = (value: unknown, indent: string): string =>
  typeof value === 'string' ? textOf(value, indent) : value === undefined ? 'null' : JSON.stringify(value);

const isPlain = (text: string): boolean => PLAIN.test(text) && !WORDS.has(text.toLowerCase()) && !text.endsWith('-');

function textOf(text: string, indent: string): string {
  if (isPlain(text) || TIME_OR_ADDRESS.test(text)) return text;
  // The vote of each agent is one.
  if (text === '' || text === '-') return `"${text}"`;
  // A text of several lines stands indented below its key.
  const [first = '', ...others] = yamlOf({ k: text }).slice(3, -1).split('\n');
  return [first, ...others.map((line) => (line === '' ? line : `${indent}${line}`))].join('\n');
}
