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

/** Returns the first invisible character of a text, or null: its code and name (`U+001B (ESC)`), and its place, from 1. */
export function invisibleIn(text: string): { name: string; position: number } | null {
  const match = INVISIBLE.exec(text);
  if (match === null) return null;
  const code = match[0].codePointAt(0) ?? 0;
  const name = NAMES[code];
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return { name: name === undefined ? number : `${number} (${name})`, position: match.index + 1 };
}

/** Spaces that look like the common one, a no-break space for example. [Unicode: general category Zs] */
const OTHER_SPACES = /(?! )\p{Zs}/gu;

const WORDS = /[\p{L}\d._-]+/gu;
const LATIN = /\p{Script=Latin}/u;
/** Scripts with letters that look like Latin ones. [Unicode: UTS 39, mixed-script confusables] */
const ALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}]/gu;

/** Returns the text with each character that a reader cannot see, or takes for another one, written as `\\u{1b}`, for messages. */
export function visible(text: string): string {
  const shown = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  return text
    .replace(ALL_INVISIBLE, shown)
    .replace(OTHER_SPACES, shown)
    .replace(WORDS, (word) => (LATIN.test(word) ? word.replace(ALIKE, shown) : word));
}
