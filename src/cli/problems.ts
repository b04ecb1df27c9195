import { type Problem, problemText } from '../document/problem.js';
import { pathText } from '../model/spec/violation.js';
import { CliError, EXIT, type ProblemView } from './exit.js';

export const problemView = ({ line, column, path, message, hint }: Problem): ProblemView => ({
  line,
  column,
  path: pathText(path),
  message,
  hint: hint,
});

/** Returns the end for a refused document: a line for each problem, and each of them for programs. */
export const invalidDocument = (problems: readonly Problem[]): CliError =>
  new CliError(EXIT.invalid, problems.map(problemText).join('\n'), '', { problems: problems.map(problemView) });
