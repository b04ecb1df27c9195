import { createInterface } from 'node:readline';
import { CliError, EXIT } from './exit.js';
import { type Io, say } from './io.js';

export interface Question {
  /** What is about to happen, such as `delete shop`. */
  what: string;
  /** What a person has to type. */
  word: string;
  /** Command line with the confirmation. */
  withYes: string;
}

/**
 * Asks on the terminal, after it has shown what is destroyed. A script says `--yes`.
 *
 * @throws CliError `invalid` without a terminal, `refused` for another answer, `interrupted` on Ctrl-C
 */
export async function confirm(io: Io, question: Question): Promise<void> {
  const { what, withYes } = question;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true)
    throw new CliError(EXIT.invalid, `${what}: there is no terminal to confirm it on, and nothing is done`, withYes);
  io.stderr.write(`Type ${question.word} to ${what}: `);
  const answer = await nextLine(io);
  if (answer?.trim() === question.word) return;
  if (!io.signal.aborted) throw new CliError(EXIT.refused, `nothing is done: the answer was not ${question.word}`);
  say(io, '');
  throw new CliError(EXIT.interrupted, 'interrupted: nothing is done');
}

/** @returns null at the end of the input, or on Ctrl-C */
async function nextLine({ stdin, signal }: Io): Promise<string | null> {
  // The terminal edits the line itself, and Ctrl-C stays a signal.
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    return await new Promise((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(null));
      signal.addEventListener('abort', () => resolve(null), { once: true });
      if (signal.aborted) resolve(null);
    });
  } finally {
    lines.close();
  }
}
