import type { Writable } from 'node:stream';
import pc from 'picocolors';
import type { Env } from '../config/environment.js';
import { printable } from '../model/printable.js';
import { fitted, screenOf } from './screen.js';

/** The outside world of the CLI besides Temporal and AWS; tests give their own. */
export interface Io {
  env: Env;
  cwd: string;
  stdout: Writable & { isTTY?: boolean; columns?: number; rows?: number; fd?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  /** Name of the person, recorded with the operation. */
  user: string;
  /** Aborts when a person presses Ctrl-C. */
  signal: AbortSignal;
}

export type Colors = ReturnType<typeof pc.createColors>;

/** Colours only on a terminal, and not against NO_COLOR. [no-color.org] */
export function colorsFor(io: Io, stream: { isTTY?: boolean }): Colors {
  return pc.createColors(stream.isTTY === true && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb');
}

/** Lines without colours, in which the terminal obeys nothing; they break between words. */
export const say = (io: Io, line: string): void => {
  io.stderr.write(`${fitted(printable(line), screenOf(io.stderr))}\n`);
};
