/**
 * Characters that a terminal obeys instead of showing: control characters but tab and newline, line and paragraph separators, and those
 * that change the direction of writing. [ECMA-48; Unicode: bidirectional algorithm]
 */
const OBEYED = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/gu;

/**
 * Returns a text that a terminal obeys nowhere: each such character becomes \uXXXX. Nodes, tags, AWS and senders of requests write texts of
 * their own. [kubectl: CVE-2021-25743]
 */
export const printable = (text: string): string => text.replace(OBEYED, escaped);

/** Returns the same on one line, so that a text cannot pretend to be the next line. */
export const printableLine = (text: string): string => printable(text.trim().replaceAll(/\s*[\r\n]+\s*/g, ' '));

const escaped = (one: string): string => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Returns the same data with every string printable; only a `message` keeps its lines. */
export function printableAll<T>(data: T): T {
  return walk(data, '') as T;
}

function walk(value: unknown, key: string): unknown {
  if (typeof value === 'string') return key === 'message' ? printable(value) : printableLine(value);
  if (Array.isArray(value)) return value.map((one) => walk(one, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [printableLine(name), walk(one, name)]));
}
