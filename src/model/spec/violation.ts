import { visible } from '../invisible.js';

/** One problem of a document. */
export interface Violation {
  /** Keys and indices from the top of the document; empty for the document itself. */
  path: (string | number)[];
  /** What is wrong, without the path. */
  message: string;
  /** What would be right. */
  hint: string;
  /** Set if the problem is the key itself, not its value. */
  about?: 'key';
}

/** Returns `spec.pools[0].count`; quotes keys that are not plain words: `spec.tags["cost centre"]`. */
export function pathText(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]{0,63}$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${shortened(JSON.stringify(part))}]`;
  }
  return text === '' ? 'document' : text;
}

/** Returns `spec.mode: is "hb" (one of ha, dev)`. */
export function violationText(violation: Violation): string {
  const hint = violation.hint === '' ? '' : ` (${violation.hint})`;
  return `${pathText(violation.path)}: ${violation.message}${hint}`;
}

/** Returns the value at a path, or undefined. Own properties only. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}

const LONGEST = 60;

/** Returns a value as it can stand in a message: `"x"`, `3`, `a list`, `nothing`. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return shortened(text);
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${visible(text.slice(0, LONGEST))}...` : visible(text);
}
