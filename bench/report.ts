import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';

export type Row = Record<string, string | number>;

/** Columns that are too wide for the table and stand below it. */
const BELOW = new Set(['chain', 'plot', 'stages']);

/**
 * Prints the rows as a table and keeps them as JSON in bench/results, with what they were measured on.
 *
 * @param isPart some cases only: what is kept is of a whole run
 */
export function report(name: string, rows: Row[], isPart = false): void {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((column) => !BELOW.has(column));
  const table = new Table({ head: columns, style: { head: [], border: [] } });
  for (const row of rows) table.push(columns.map((column) => shown(row[column])));
  process.stdout.write(`${name}\n${table.toString()}\n`);
  for (const row of rows) {
    if (row['stages'] !== undefined) process.stdout.write(`${row['case']}: ${row['stages']}\n`);
    if (row['chain'] !== undefined) process.stdout.write(`${row['case']}: ${row['chain']}\n`);
    if (row['plot'] !== undefined)
      process.stdout.write(`${row['case']}, calls a second (x: refused):\n${row['plot']}\n`);
  }
  if (isPart) return;
  const folder = fileURLToPath(new URL('./results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const machine = { cores: cpus().length, node: process.version, platform: process.platform };
  writeFileSync(
    `${folder}${name}.json`,
    `${JSON.stringify({ name, measuredAt: new Date().toISOString(), machine, rows }, null, 2)}\n`,
  );
}

const shown = (value: string | number | undefined): string =>
  typeof value === 'number' ? (Number.isInteger(value) ? String(value) : value.toFixed(3)) : (value ?? '');
