import { setTimeout as sleep } from 'node:timers/promises';
import { createColors } from 'picocolors';
import { retriesOf } from '../src/cli/clusters/retries.js';
import { explanationText } from '../src/cli/views/explain.js';
import { explain } from '../src/model/explain/index.js';
import { Lane } from './care/lane.js';
import { AROUND } from './explain/around.js';
import { CASES, type FailureCase } from './explain/cases.js';
import { CHANGING } from './explain/changing.js';
import { JOINING } from './explain/joining.js';
import { MIRRORS } from './explain/mirrors.js';
import type { Row } from './report.js';
import { type BenchStack, openStack } from './stack.js';

/** Clusters that are broken side by side. */
const SIDE_BY_SIDE = 3;
const PAUSE_MS = 200;
/** From the first refusal; where nothing is refused, from the fault. */
const LIMIT_SECONDS = 10;
const SILENT_LIMIT_SECONDS = 60;
/** After this the case has failed, and its last line is in the table. */
const GIVE_UP_MS = 150_000;
const LINE = 160;

/** How soon `keelson explain` names the cause of a failure on its first line: what the command prints, asked again and again. */
export async function benchExplain(): Promise<Row[]> {
  const bench = await openStack('demo');
  try {
    const only = process.env['EXPLAIN_CASES'];
    const todo = [...CASES, ...AROUND, ...MIRRORS, ...JOINING, ...CHANGING]
      .map((one, index) => ({ one, index }))
      .filter(({ one }) => only === undefined || new RegExp(only).test(one.what));
    const rows: Row[] = [];
    await Promise.all(
      Array.from({ length: SIDE_BY_SIDE }, async () => {
        for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
          const row = await measure(bench, next.one, next.index);
          process.stderr.write(`${Object.values(row).join(' | ')}\n`);
          rows.push(row);
        }
      }),
    );
    return rows.sort((a, b) => String(a['case']).localeCompare(String(b['case'])));
  } finally {
    await bench.close();
  }
}

async function measure(bench: BenchStack, one: FailureCase, index: number): Promise<Row> {
  const spec = typeof one.spec === 'function' ? await one.spec() : one.spec;
  const lane = new Lane(bench, `explain-${index}`, { mode: 'dev', ...spec });
  const limit = one.silent ? SILENT_LIMIT_SECONDS : LIMIT_SECONDS;
  const row = { case: one.what, how: one.how, limit };
  try {
    if (one.running === true) {
      await lane.create();
      await one.prepare?.(lane);
    } else await one.break?.(lane);
    const fired = (): Promise<boolean> => hasFired(bench, lane);
    const began = Date.now();
    if (one.running === true) await one.break?.(lane);
    else await start(bench, lane);
    const { seconds, line } = await untilNamed(bench, lane, one, began, one.silent ? null : fired);
    return {
      ...row,
      seconds: seconds ?? 'never',
      'one command': seconds !== null && seconds <= limit ? 'yes' : 'no',
      'first line': line,
    };
  } catch (error) {
    return { ...row, seconds: 'never', 'one command': 'no', 'first line': String(error).slice(0, LINE) };
  } finally {
    await lane.undo();
    await lane.handle.terminate('measured').catch(() => undefined);
  }
}

async function start(bench: BenchStack, lane: Lane): Promise<void> {
  await bench.client.workflow.start('cluster', {
    workflowId: `cluster/${lane.name}`,
    taskQueue: 'keelson',
    args: [lane.document()],
  });
}

/** Whether the first call was refused. A document without a fault plan is refused by what it says: then its start counts. */
async function hasFired(bench: BenchStack, lane: Lane): Promise<boolean> {
  const plans = await bench.region<{ id: string; fired: number }[]>('/_region/faults');
  const own = plans.filter(({ id }) => lane.has(id));
  return own.length === 0 || own.some((plan) => plan.fired > 0);
}

async function untilNamed(
  bench: BenchStack,
  lane: Lane,
  { names }: FailureCase,
  began: number,
  fired: (() => Promise<boolean>) | null,
): Promise<{ seconds: number | null; line: string }> {
  let from = fired === null ? began : null;
  for (;;) {
    if (from === null && (await fired?.())) from = Date.now();
    const line = await firstLine(bench, lane);
    if (names.test(line))
      return { seconds: from === null ? 0 : (Date.now() - from) / 1_000, line: line.slice(0, LINE) };
    if (Date.now() - began > GIVE_UP_MS) return { seconds: null, line: line.slice(0, LINE) };
    await sleep(PAUSE_MS);
  }
}

/** What `keelson explain` prints first. */
async function firstLine({ client }: BenchStack, lane: Lane): Promise<string> {
  const handle = client.workflow.getHandle(`cluster/${lane.name}`);
  const [status, described] = await Promise.all([lane.status(), handle.describe()]);
  const retries = await retriesOf(described, client.options.loadedDataConverter);
  const text = explanationText(explain(status, { retries }), createColors(false));
  return text.split('\n')[0] ?? '';
}
