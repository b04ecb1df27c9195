import { printable, printableAll } from '../../model/printable.js';
import type { Io } from '../io.js';
import { createLines } from './lines.js';
import type { Progress } from './progress.js';
import { createTasks } from './tasks.js';

/**
 * Shows each node's progress: on a terminal one line a node that changes, else one line an event.
 *
 * @param slots names known beforehand; others appear as the workflow reports them
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
