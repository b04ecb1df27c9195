import type { ProblemView } from './problems.js';

/** Promised to scripts: see `keelson --help`. */
export const EXIT = {
  done: 0,
  failed: 1,
  invalid: 2,
  missing: 3,
  refused: 4,
  unreachable: 5,
  /** Stored in Temporal; no worker has carried it out yet. */
  stored: 6,
  /** By Ctrl-C; what the cluster does goes on. [bash: 128 + SIGINT] */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

interface CliErrorOptions {
  cause?: unknown;
  /** Of a document, for programs. */
  problems?: readonly ProblemView[];
}

/** An end that was foreseen: one clear line, and what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly problems: readonly ProblemView[];
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** What a person can do; empty when the message says it. */
    readonly remedy = '',
    options: CliErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.problems = options.problems ?? [];
  }
}
