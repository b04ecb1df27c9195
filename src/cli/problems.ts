import { type Problem, problemText } from '../document/problem.js';
import { pathText } from '../model/spec/violation.js';
import { CliError, EXIT } from './exit.js';

/** A problem of a document, as programs take it. */
export interface ProblemView {
  /** From 1; null where there is no text. */
  line: number | null;
  /** From 1, in characters; null where there is no text. */
  column: number | null;
  /** As `spec.pools[0].count`; empty for the file itself. */
  path: string;
  message: string;
  /** What would be right; empty where the message says it. */
  hint: string;
}

export const problemView = ({ line, column, path, message, remedy }: Problem): ProblemView => ({
  line,
  column,
  path: pathText(path),
  message,
  hint: remedy,
});

/** A document that is not carried out: a line for each problem, and each of them for programs. */
export const invalidDocument = (problems: readonly Problem[]): CliError =>
  new CliError(EXIT.invalid, problems.map(problemText).join('\n'), '', { problems: problems.map(problemView) });
