import type { Findings } from './evidence.js';
import type { Row } from './matrix.js';
import type { Outcome } from './operations.js';

const HEAD = [
  ...[
    'operation',
    'boundaries',
    'runs',
    'workers killed',
    'instances twice',
    'scripts twice',
    'leftovers',
    'secrets shown',
  ],
  ...['not reached', 'data lost', 'went on after (median)', '(worst)'],
];

/** Finding counts, by kind, over all rows. */
export const totals = (rows: readonly Row[]): Record<keyof Findings, number> =>
  totalsOf(rows.flatMap(({ outcomes }) => outcomes));

export function totalsOf(outcomes: readonly Outcome[]): Record<keyof Findings, number> {
  const of = (kind: keyof Findings): number => outcomes.reduce((sum, { findings }) => sum + findings[kind].length, 0);
  return {
    duplicates: of('duplicates'),
    scriptsTwice: of('scriptsTwice'),
    leftovers: of('leftovers'),
    secrets: of('secrets'),
    unreached: of('unreached'),
    dataLost: of('dataLost'),
  };
}

/** One row of the table, in the order of its columns. */
export interface Figures extends Record<keyof Findings, number> {
  operation: string;
  boundaries: number;
  runs: number;
  kills: number;
  /** Seconds from a kill to the next worker's first call; null where no worker was killed. */
  resumedMedian: number | null;
  resumedWorst: number | null;
}

/** The rows that have run, and their sum. */
export function figuresOf(rows: readonly Row[]): Figures[] {
  const all = {
    operation: 'all',
    boundaries: rows.reduce((sum, row) => sum + row.boundaries, 0),
    outcomes: rows.flatMap((row) => row.outcomes),
  };
  return [...rows, all].filter((row) => row.outcomes.length > 0).map(figures);
}

function figures({
  operation,
  boundaries,
  outcomes,
}: Pick<Row, 'boundaries' | 'outcomes'> & { operation: string }): Figures {
  const resumed = outcomes.flatMap(({ reaper }) => reaper.resumedMs).sort((a, b) => a - b);
  const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : ms / 1000);
  return {
    operation,
    boundaries,
    runs: outcomes.length,
    kills: outcomes.reduce((sum, { reaper }) => sum + reaper.done.length, 0),
    ...totalsOf(outcomes),
    resumedMedian: seconds(resumed[Math.floor(resumed.length / 2)]),
    resumedWorst: seconds(resumed.at(-1)),
  };
}

/** The matrix in Markdown, aligned to be read as text as well. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [HEAD, ...figuresOf(rows).map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [text(HEAD), rule, ...lines.slice(1).map(text)].join('\n');
}

function cells({ operation, resumedMedian, resumedWorst, ...counts }: Figures): string[] {
  const seconds = (value: number | null): string => (value === null ? '-' : `${value.toFixed(1)} s`);
  const { boundaries, runs, kills, duplicates, scriptsTwice, leftovers, secrets, unreached, dataLost } = counts;
  const numbers = [boundaries, runs, kills, duplicates, scriptsTwice, leftovers, secrets, unreached, dataLost];
  return [operation, ...numbers.map(String), seconds(resumedMedian), seconds(resumedWorst)];
}
