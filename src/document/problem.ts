import { pathText, type Violation } from '../model/spec/violation.js';

/** Something wrong with a document's text, and where. */
export interface Problem extends Violation {
  file: string;
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
}

/** `F:line:col: path: what is wrong (what would be right)` */
export function problemText(problem: Problem): string {
  const remedy = problem.remedy === '' ? '' : ` (${problem.remedy})`;
  return `${problem.file}:${problem.line}:${problem.column}: ${pathText(problem.path)}: ${problem.message}${remedy}`;
}

export const byPosition = (a: Problem, b: Problem): number => a.line - b.line || a.column - b.column;

/** Line and column of an offset, both from 1. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
