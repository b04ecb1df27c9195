import { parseArgs } from 'node:util';
import { parseOnly } from './support/again.js';
import type { Asking } from './support/cluster.js';
import { type ChaosFixture, openChaosFixture } from './support/fixture.js';
import { Matrix } from './support/matrix.js';
import { OPERATIONS, type OperationName } from './support/names.js';
import { runOnly } from './support/only.js';
import { keepResults } from './support/results.js';
import { tableOf, totals, totalsOf } from './support/table.js';
import { runWalk } from './walk/run.js';
import { parsePath } from './walk/shortest.js';

/**
 * `npm run chaos`: the crash matrix. Progress goes to stderr, the table to stdout; exit 1 when anything was found. SIGINT ends it
 * early, after the runs under way (a second one at once), with the table of what was tried; exit 1 as well.
 *
 *   npm run chaos -- --cells 8 --seed 7
 *   npm run chaos -- --share 0.2
 *   npm run chaos -- --watch          # and a `keelson status --watch` runs all the time
 *   npm run chaos -- --query          # and someone queries the workflow five times a second: known to do harm
 *   npm run chaos -- --operation stop --operation start
 *   npm run chaos -- --operation restore --results restores   # keeps the table in test/chaos/results, for docs/explanation/faults.md
 *   npm run chaos -- --only "stop: after ec2.StopInstances server-1 #1"
 *   npm run chaos -- --walk --seed 7 --steps 200      # a random walk; --path 0-3,7 walks only these of its steps
 */
const { values } = parseArgs({
  options: {
    // Nearly all of a kill's 10 s is the heartbeat time-out: two cores serve more cells than two.
    cells: { type: 'string', default: '6' },
    share: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    operation: { type: 'string', multiple: true },
    only: { type: 'string' },
    walk: { type: 'boolean', default: false },
    steps: { type: 'string', default: '100' },
    path: { type: 'string' },
    dev: { type: 'boolean', default: false },
    'search-minutes': { type: 'string', default: '20' },
    watch: { type: 'boolean', default: false },
    query: { type: 'boolean', default: false },
    results: { type: 'string' },
  },
});
const asking: Asking = values.query ? 'query' : values.watch ? 'watch' : 'wait';
const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const isOperation = (name: string): name is OperationName => OPERATIONS.some((one) => one === name);
const operations = values.operation?.filter(isOperation);
const unknown = (values.operation ?? []).filter((name) => !isOperation(name));
if (unknown.length > 0) {
  process.stderr.write(`--operation: there is no ${unknown.join(', no ')}; there are ${OPERATIONS.join(', ')}\n`);
  process.exit(2);
}

async function matrix(fixture: ChaosFixture): Promise<boolean> {
  const started = Date.now();
  const run = new Matrix(fixture, {
    cells: Number(values.cells),
    seed: Number(values.seed),
    share: Number(values.share),
    ...(operations !== undefined && { operations }),
    progress,
  });
  process.once('SIGINT', () => run.stop());
  try {
    await run.run();
  } finally {
    process.stdout.write(`${tableOf(run.rows)}\n`);
    for (const { operation, notMet } of run.rows) {
      for (const one of notMet) process.stdout.write(`not met again: ${operation}: ${one}\n`);
    }
    const minutes = ((Date.now() - started) / 60_000).toFixed(1);
    if (run.givenUp > 0) process.stdout.write(`stopped with ${run.givenUp} kills not tried\n`);
    process.stdout.write(
      `${minutes} minutes, seed ${values.seed}, ${values.cells} cells, asking by ${asking}, share ${values.share}: ${JSON.stringify(totals(run.rows))}\n`,
    );
  }
  if (values.results !== undefined) {
    const minutes = (Date.now() - started) / 60_000;
    keepResults(values.results, run.rows, { args: process.argv.slice(2), minutes, notTried: run.givenUp });
  }
  return run.givenUp === 0 && Object.values(totals(run.rows)).every((count) => count === 0);
}

async function only(fixture: ChaosFixture, text: string): Promise<boolean> {
  const found = totalsOf(await runOnly(fixture, parseOnly(text), progress));
  process.stdout.write(`${JSON.stringify(found)}\n`);
  return Object.values(found).every((count) => count === 0);
}

function walk(fixture: ChaosFixture): Promise<boolean> {
  const options = {
    seed: Number(values.seed),
    steps: Number(values.steps),
    mode: values.dev ? ('dev' as const) : ('ha' as const),
    ...(values.path !== undefined && { path: values.path }),
    searchMs: Number(values['search-minutes']) * 60_000,
  };
  return runWalk(fixture, options, progress, (line) => void process.stdout.write(`${line}\n`));
}

if (values.only !== undefined) parseOnly(values.only);
if (values.path !== undefined) parsePath(values.path);
const fixture = await openChaosFixture({ asking });
let sound = false;
try {
  if (values.walk) sound = await walk(fixture);
  else sound = values.only === undefined ? await matrix(fixture) : await only(fixture, values.only);
} finally {
  await fixture.close();
}
process.exit(sound ? 0 : 1);
