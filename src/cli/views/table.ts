import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import { PLAIN, type Screen } from '../screen.js';

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '   ' },
};
const GAP = 3;
/** Least width of the last column, which wraps. If less is left, the table drops a spare column. */
const NARROWEST = 24;

/** Spare column: left out if there is no room for it, the highest number first. */
export interface SpareColumn {
  name: string;
  spare: number;
  /** Only with `-o wide`. */
  wide?: true;
}
export type Column = string | SpareColumn;
type Cell = string | number | null;

/** A second line would look like another row. */
const oneLine = (text: string): string => text.replaceAll(/\s*[\r\n]+\s*/g, ' ');
const textOf = (cell: Cell | undefined): string =>
  cell === null || cell === undefined || cell === '' ? '-' : oneLine(String(cell));
const nameOf = (column: Column): string => (typeof column === 'string' ? column : column.name);

/**
 * Prints columns as kubectl does: no lines, upper-case heads, `-` for a missing value. On a terminal it fits: spare columns go first, then
 * the last column wraps between words.
 */
export function table(head: readonly Column[], rows: readonly (readonly Cell[])[], screen: Screen = PLAIN): string {
  const { kept, last } = fitted(head, rows, screen);
  const one = new Table({
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    ...(last !== null && {
      wordWrap: true,
      colWidths: kept.map((_, index) => (index === kept.length - 1 ? last : null)),
    }),
  });
  one.push(kept.map((index) => nameOf(head[index] ?? '').toUpperCase()));
  for (const row of rows) one.push(kept.map((index) => textOf(row[index])));
  return one
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Returns the visible columns, and the width of the last one if it has to wrap. */
function fitted(
  head: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { columns, wide }: Screen,
): { kept: number[]; last: number | null } {
  const kept = head.flatMap((column, index) => (typeof column !== 'string' && column.wide && !wide ? [] : [index]));
  if (columns === null || wide) return { kept, last: null };
  const width = (index: number): number =>
    Math.max(
      nameOf(head[index] ?? '').length,
      ...rows.map((row) => stripVTControlCharacters(textOf(row[index])).length),
    );
  for (;;) {
    const widths = kept.map(width);
    const others = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP, 0);
    const last = widths.at(-1) ?? 0;
    if (others + last <= columns) return { kept, last: null };
    const spare = spareIn(head, kept);
    if (others + Math.min(last, NARROWEST) <= columns || spare === null)
      return { kept, last: Math.max(NARROWEST, columns - others) };
    kept.splice(kept.indexOf(spare), 1);
  }
}

function spareIn(head: readonly Column[], kept: readonly number[]): number | null {
  const rank = (index: number): number => {
    const column = head[index];
    return typeof column === 'object' ? column.spare : 0;
  };
  const first = [...kept].sort((a, b) => rank(b) - rank(a))[0];
  return first === undefined || rank(first) === 0 ? null : first;
}
