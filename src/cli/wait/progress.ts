import { printable, printableAll } from '../../model/printable.js';
import type { StatusView } from '../../model/status.js';
import type { Io } from '../io.js';
import { createLines } from './lines.js';
import { createTasks } from './tasks.js';

export type Outcome = 'done' | 'failed' | 'left';

/** Shows on stderr what happens while someone waits. */
export interface Progress {
  show(status: StatusView): void;
  /** A line of its own, such as an error that will be tried again. */
  note(line: string): void;
  /** The wait is over, or left by a person. Resolves when all is drawn. */
  end(outcome: Outcome, line: string | null): Promise<void>;
}

/**
 * Each node's progress as it happens: on a terminal one line a node that changes, else one line an event.
 *
 * @param slots names known beforehand; others appear as the workflow tells of them
 */
export function createProgress(io: Io, title: string, slots: readonly string[]): Progress {
  const { show, note, end } =
    io.stderr.isTTY === true && io.env['TERM'] !== 'dumb' && !io.env['CI']
      ? createTasks(io, title, slots)
      : createLines(io, title);
  return {
    show: (status) => show(printableAll(status)),
    note: (line) => note(printable(line)),
    end: (outcome, line) => end(outcome, line === null ? null : printable(line)),
  };
}
