/** A promise to scripts: see `keelson --help`. */
export const EXIT = {
  done: 0,
  failed: 1,
  invalid: 2,
  missing: 3,
  refused: 4,
  unreachable: 5,
  /** Stored in Temporal; no worker has carried it out yet. */
  stored: 6,
  /** By Ctrl-C; the cluster's operation continues. [bash: 128 + SIGINT] */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A problem of a document, for programs. */
export interface ProblemView {
  /** From 1; null if there is no text. */
  line: number | null;
  /** From 1, in characters; null if there is no text. */
  column: number | null;
  /** Such as `spec.pools[0].count`; empty for the file itself. */
  path: string;
  message: string;
  /** What would be right; empty if the message says it. */
  hint: string;
}

interface CliErrorOptions {
  cause?: unknown;
  /** Problems of a document, for programs. */
  problems?: readonly ProblemView[];
}

/** An expected end: one clear line, and what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly problems: readonly ProblemView[];
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** What a person can do; empty when the message says it. */
    readonly hint = '',
    options: CliErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.problems = options.problems ?? [];
  }
}
