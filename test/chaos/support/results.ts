import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Row } from './matrix.js';
import { figuresOf } from './table.js';

export interface Circumstances {
  /** Arguments of `npm run chaos`. */
  args: readonly string[];
  minutes: number;
  /** Kills that were left when someone ended the campaign. */
  notTried: number;
}

/** Keeps the table of a campaign as JSON in test/chaos/results; scripts/docs.mjs puts it into docs/explanation/faults.md. */
export function keepResults(name: string, rows: readonly Row[], { args, minutes, notTried }: Circumstances): void {
  const folder = fileURLToPath(new URL('../results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const shown = args.map((arg) => (arg.includes(' ') ? JSON.stringify(arg) : arg)).join(' ');
  const results = {
    name,
    measuredAt: new Date().toISOString(),
    command: `npm run chaos -- ${shown}`,
    machine: { cores: cpus().length, node: process.version, platform: process.platform },
    minutes,
    /** Of the last 15 minutes. */
    load: loadavg()[2],
    notTried,
    notMetAgain: rows.reduce((sum, { notMet }) => sum + notMet.length, 0),
    rows: figuresOf(rows),
  };
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify(results, null, 2)}\n`);
}
