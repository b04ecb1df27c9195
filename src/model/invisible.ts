/**
 * Characters that a reader cannot see: control characters (also C1, which terminals obey), format characters such as direction marks and
 * zero-width spaces, the line and paragraph separators of Unicode, and halves of surrogate pairs. None has a use in a document's values, and
 * each can hide what a value says or act on the terminal that shows it. [Unicode: general categories; CVE-2021-42574]
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const ALL_INVISIBLE = new RegExp(INVISIBLE, 'gu');

/** Names of those that people meet. [Unicode: C0 controls] */
const NAMES: Readonly<Record<number, string>> = {
  0: 'NUL',
  7: 'BEL',
  8: 'backspace',
  9: 'tab',
  10: 'line feed',
  13: 'carriage return',
  27: 'ESC',
  127: 'DEL',
  160: 'no-break space',
  8203: 'zero-width space',
  8232: 'line separator',
  8233: 'paragraph separator',
  8238: 'right-to-left override',
  65279: 'byte order mark',
};

/** The first invisible character of a text, or null: its code and name (`U+001B (ESC)`), and its place, from 1. */
export function invisibleIn(text: string): { name: string; position: number } | null {
  const match = INVISIBLE.exec(text);
  if (match === null) return null;
  const code = match[0].codePointAt(0) ?? 0;
  const name = NAMES[code];
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return { name: name === undefined ? number : `${number} (${name})`, position: match.index + 1 };
}

/** The text with each invisible character written as `\\u{1b}`, for messages. */
export function visible(text: string): string {
  return text.replace(ALL_INVISIBLE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
