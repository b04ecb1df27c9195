import { invisibleIn } from '../invisible.js';
import type { Violation } from './violation.js';

/**
 * Limits of any document, whatever its fields are; parts of the schema have their own. They are checked before the schema, whose cost grows
 * with its input: a message from Temporal may hold 2 MiB. [Temporal limits]
 */
const MAX_DEPTH = 20;
/** The text of a document has at most 8,000 words and marks, and each value needs two. [document/weigh.ts] */
const MAX_VALUES = 4_000;
/** Length of the longest list of the schema, spec.access.apiCidrs. The schema makes an error of each wrong entry before it counts them. */
const MAX_ENTRIES = 500;
const MAX_TEXT = 8 * 1024;
const MAX_TEXT_IN_ALL = 256 * 1024;
/** Texts that become files have lines, and the size of their schema. */
const FILE_TEXT = /^spec\/(k3s\/manifests\/\d+|(servers|pools\/\d+)\/node(\/files\/\d+)?)\/(content|before|after)$/;
/** Problems of one kind; no reader wants more. */
const MAX_TOLD = 20;

/** Ends of lines, tabs, and the joiners of an emoji. */
const IN_FILES = /[\n\t\u200d]/g;

type Path = (string | number)[];

/**
 * Checks size, depth and characters of a value without knowing its meaning. Visits at most `MAX_VALUES` values.
 *
 * @returns `excess`: the document is too large for further checks; `violations`: texts that are too long or contain invisible characters
 */
export function boundViolations(value: unknown): { excess: Violation | null; violations: Violation[] } {
  const violations: Violation[] = [];
  let [values, length] = [0, 0];
  const tooLarge = (path: Path, message: string, hint: string): Violation => ({ path, message, hint });

  const visitText = (text: string, path: Path, about: Pick<Violation, 'about'>): Violation | null => {
    length += text.length;
    if (length > MAX_TEXT_IN_ALL) return tooLarge([], 'has too much text', `at most ${MAX_TEXT_IN_ALL / 1024} KiB`);
    if (violations.length >= MAX_TOLD) return null;
    const isFile = FILE_TEXT.test(path.join('/'));
    const most = isFile ? MAX_TEXT_IN_ALL : MAX_TEXT;
    const invisible = text.length > most ? null : invisibleIn(isFile ? text.replace(IN_FILES, ' ') : text);
    if (text.length > most)
      violations.push({ path, message: `has ${text.length} characters`, hint: `at most ${most}`, ...about });
    else if (invisible !== null)
      violations.push({
        path,
        message: `has the invisible character ${invisible.name} in place ${invisible.position}`,
        hint: 'remove it',
        ...about,
      });
    return null;
  };

  const visit = (one: unknown, path: Path): Violation | null => {
    values += 1;
    if (values > MAX_VALUES) return tooLarge([], 'has too many values', `at most ${MAX_VALUES}`);
    if (path.length > MAX_DEPTH)
      return tooLarge(path.slice(0, 3), 'is nested too deeply', `at most ${MAX_DEPTH} levels`);
    if (typeof one === 'string') return visitText(one, path, {});
    if (typeof one !== 'object' || one === null) return null;
    const isList = Array.isArray(one);
    let entries = 0;
    // `for in` and no list of all keys: it ends at the first excess.
    for (const key in one) {
      entries += 1;
      if (entries > MAX_ENTRIES)
        return tooLarge(path, `has more than ${MAX_ENTRIES} entries`, 'no list or mapping needs more');
      const at = [...path, isList ? Number(key) : key];
      const excess = (isList ? null : visitText(key, at, { about: 'key' })) ?? visit(one[key as keyof typeof one], at);
      if (excess !== null) return excess;
    }
    return null;
  };

  return { excess: visit(value, []), violations };
}
