import { visible } from '../model/invisible.js';
import { redact } from '../model/redact.js';

/** Longer than any value that a script reports on purpose. */
const MOST_VALUE = 200;
const MOST_LINE = 400;
/** Report lines and log lines that are read; SSM gives 24,000 characters. [docs: SSM GetCommandInvocation] */
export const MOST_LINES = 2_000;

/**
 * A value that a node reports, as it may stand in messages, conditions and tables: root there writes anything, so it is cut, and
 * secrets are masked before that, and
 * characters that no one sees, such as a terminal's escape sequences, are written out. The one place where texts of nodes are read.
 */
export const fromNode = (text: string): string => cut(visible(redact(text)), MOST_VALUE);

/** The lines of a node's log: tabs stay, line by line as above. */
export function logFromNode(text: string): string {
  return redact(text)
    .split('\n')
    .slice(-MOST_LINES)
    .map((line) => cut(line.split('\t').map(visible).join('\t'), MOST_LINE))
    .join('\n');
}

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 3)}...` : text);
