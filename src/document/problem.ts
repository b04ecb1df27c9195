import { pathText, type Violation } from '../model/spec/violation.js';

/** A problem of a document's text, and its place. */
export interface Problem extends Violation {
  file: string;
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
}

/** Returns `F:line:col: path: what is wrong (what would be right)`. */
export function problemText(problem: Problem): string {
  const hint = problem.hint === '' ? '' : ` (${problem.hint})`;
  return `${problem.file}:${problem.line}:${problem.column}: ${pathText(problem.path)}: ${problem.message}${hint}`;
}

export const byPosition = (a: Problem, b: Problem): number => a.line - b.line || a.column - b.column;

/** Returns line and column of an offset, both from 1. It finds the lines once: a text may have a hundred problems. */
export function positionsIn(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    const inside = Math.min(offset, text.length);
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= inside) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: inside - (starts[low] ?? 0) + 1 };
  };
}
