import { visible } from '../model/invisible.js';
import { redact } from '../model/redact.js';

/** Longer than any value that a script reports on purpose. */
const MOST_VALUE = 200;
const MOST_LINE = 400;
/** How many report lines and log lines are read; SSM gives 24,000 characters. [docs: SSM GetCommandInvocation] */
export const MOST_LINES = 2_000;

/**
 * Returns a node's value for messages, conditions and tables. Root on the node can write anything, so this masks secrets, cuts the value,
 * and writes invisible characters, such as a terminal's escape sequences, out. All texts of nodes pass here.
 */
export const fromNode = (text: string): string => cut(visible(redact(text)), MOST_VALUE);

/** Returns the lines of a node's log, treated in the same way; tabs stay. */
export function logFromNode(text: string): string {
  return redact(text)
    .split('\n')
    .slice(-MOST_LINES)
    .map((line) => cut(line.split('\t').map(visible).join('\t'), MOST_LINE))
    .join('\n');
}

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 3)}...` : text);
