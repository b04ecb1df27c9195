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

/** The matrix in Markdown, aligned to be read as text as well. */
export function tableOf(rows: readonly Row[]): string {
  const all: Row = {
    operation: 'all' as Row['operation'],
    boundaries: rows.reduce((sum, row) => sum + row.boundaries, 0),
    outcomes: rows.flatMap((row) => row.outcomes),
    notMet: [],
  };
  const lines = [HEAD, ...[...rows, all].filter((row) => row.outcomes.length > 0).map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [text(HEAD), rule, ...lines.slice(1).map(text)].join('\n');
}

function cells(row: Row): string[] {
  const resumed = row.outcomes.flatMap(({ reaper }) => reaper.resumedMs).sort((a, b) => a - b);
  const seconds = (ms: number | undefined): string => (ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`);
  const kills = row.outcomes.reduce((sum, { reaper }) => sum + reaper.done.length, 0);
  const kinds = ['duplicates', 'scriptsTwice', 'leftovers', 'secrets', 'unreached', 'dataLost'] as const;
  const totals = totalsOf(row.outcomes);
  const found = kinds.map((kind) => totals[kind]);
  const numbers = [row.boundaries, row.outcomes.length, kills, ...found].map(String);
  return [row.operation, ...numbers, seconds(resumed[Math.floor(resumed.length / 2)]), seconds(resumed.at(-1))];
}
