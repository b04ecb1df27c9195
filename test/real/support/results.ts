/** The table that `npm run test:real` makes: one row a scenario, kept as lines of JSON while tests run. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';

export interface ResultRow {
  scenario: string;
  /** Until `keelson status` shows that something is not as it was; null where nothing is to be noticed. */
  noticedSeconds: number | null;
  /** Until Kubernetes and etcd themselves say that all is well, or what is said instead. */
  healthySeconds: number | null;
  /** What Keelson did, in the words of its history. */
  done: string;
  /** What Kubernetes, etcd and EC2 showed. */
  seen: string;
}

/** A row that is kept, with the day of its run. */
export interface KeptRow extends ResultRow {
  measuredOn: string;
}

export interface Results {
  measuredAt: string;
  command: string;
  machine: { cores: number; node: string; platform: string };
  versions: { first: string; next: string };
  rows: ResultRow[];
}

/** Of all that a run leaves behind; the next one empties it. */
export const FOLDER = resolve('.keelson/real');
const LINES = join(FOLDER, 'rows.jsonl');

export function clearRows(): void {
  mkdirSync(FOLDER, { recursive: true });
  rmSync(LINES, { force: true });
}

export function addRow(row: ResultRow): void {
  mkdirSync(FOLDER, { recursive: true });
  appendFileSync(LINES, `${JSON.stringify(row)}\n`);
}

/** Writes results.json and results.md into the folder. @returns the table */
export function writeResults(versions: Results['versions']): string {
  const rows = existsSync(LINES)
    ? readFileSync(LINES, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as ResultRow)
    : [];
  const machine = { cores: cpus().length, node: process.version, platform: process.platform };
  const results: Results = {
    measuredAt: new Date().toISOString(),
    command: 'npm run test:real',
    machine,
    versions,
    rows,
  };
  writeFileSync(join(FOLDER, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  const table = tableOf(rows);
  writeFileSync(join(FOLDER, 'results.md'), table);
  return table;
}

/**
 * Puts a run that has passed into what the docs show: its rows take the places of those of the same scenarios, and new ones follow; those of files
 * that did not run stay with their day.
 */
export function keptWith(
  kept: { rows: readonly KeptRow[] },
  run: Results,
): Omit<Results, 'rows'> & { rows: KeptRow[] } {
  const measuredOn = run.measuredAt.slice(0, 10);
  const fresh = new Map(run.rows.map((row) => [row.scenario, { ...row, measuredOn }]));
  const known = new Set(kept.rows.map(({ scenario }) => scenario));
  const rows = kept.rows.map((row) => fresh.get(row.scenario) ?? row);
  return { ...run, rows: [...rows, ...[...fresh.values()].filter(({ scenario }) => !known.has(scenario))] };
}

const COLUMNS: Record<string, (row: ResultRow) => string> = {
  scenario: (row) => row.scenario,
  noticed: (row) => secondsOf(row.noticedSeconds),
  'done or healthy again': (row) => secondsOf(row.healthySeconds),
  'what Keelson did': (row) => row.done,
  'what Kubernetes, etcd and EC2 showed': (row) => row.seen,
};

function tableOf(rows: readonly ResultRow[]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  const names = Object.keys(COLUMNS);
  return [
    line(names),
    line(names.map(() => '---')),
    ...rows.map((row) => line(Object.values(COLUMNS).map((cell) => cell(row)))),
  ].join('');
}

const secondsOf = (seconds: number | null): string => (seconds === null ? '-' : `${seconds.toFixed(1)} s`);
