import type { Operation } from '../src/model/state.js';
import { type Breakage, LANES, type LanePlan } from './care/breakages.js';
import { Lane } from './care/lane.js';
import type { Row } from './report.js';
import { openStack } from './stack.js';

/** What may happen for an observation: it changes nothing. */
const NOTHING = new Set(['verify']);

/**
 * Breaks all that can break, on clusters that go side by side, and tells how soon it was noticed, what was done, and how long it took until all
 * was healthy again. A row that does not become healthy fails the benchmark.
 */
export async function benchCare(): Promise<Row[]> {
  const bench = await openStack('demo');
  try {
    const only = process.env['CARE_LANES']?.split(',');
    const plans = LANES.filter(({ name }) => only === undefined || only.includes(name));
    const rows = await Promise.all(plans.map((plan) => play(new Lane(bench, plan.name, plan.spec), plan)));
    const twice = await bench.region<unknown[]>('/_region/duplicates');
    return [...rows.flat(), { case: 'instances made twice', doubles: twice.length }];
  } finally {
    await bench.close();
  }
}

async function play(lane: Lane, { breakages }: LanePlan): Promise<Row[]> {
  await lane.create();
  const rows: Row[] = [];
  for (const breakage of breakages) {
    const row = await measure(lane, breakage);
    process.stderr.write(`${lane.name}: ${Object.values(row).join(' | ')}\n`);
    rows.push(row);
  }
  return rows;
}

async function measure(lane: Lane, breakage: Breakage): Promise<Row> {
  const before = Date.now();
  await breakage.break(lane);
  const since = breakage.slow ? Date.now() : before;
  await lane.until((_, events) => noticedAt(events, breakage, since) !== null);
  const noticed = noticedAt(await lane.events(), breakage, since) ?? Number.NaN;
  const { tells } = breakage;
  if (tells !== undefined)
    await lane.until(
      (status) =>
        status.lastError?.code === tells ||
        status.conditions.some((one) => one.type === tells && one.status !== 'True'),
    );
  const told = tells === undefined ? '' : `told: ${tells}`;
  const didMeanwhile = doneIn(await lane.operationsSince(before));
  if (breakage.idle && didMeanwhile !== '')
    throw new Error(`${breakage.what}: nothing was to be done, but: ${didMeanwhile}`);
  const repairedAt = Date.now();
  await breakage.mend?.(lane);
  if (!breakage.last) await lane.well();
  const done = doneIn(await lane.operationsSince(before));
  return {
    case: breakage.what,
    how: breakage.how,
    noticedSeconds: (noticed - since) / 1_000,
    done: [told, done].filter((text) => text !== '').join('; then '),
    healthyAgain: breakage.last ? '' : breakage.idle ? 'as soon as it is repaired' : 'automatically',
    healthySeconds: breakage.last ? '' : (Date.now() - (breakage.mend === undefined ? since : repairedAt)) / 1_000,
  };
}

function noticedAt(
  events: { at: string; reason: string; message: string }[],
  { noticed }: Breakage,
  since: number,
): number | null {
  const found = events.find(
    ({ at, reason, message }) => Date.parse(at) >= since && noticed.test(`${reason}: ${message}`),
  );
  return found === undefined ? null : Date.parse(found.at);
}

/** Kinds of the steps, in their order, each once. */
function doneIn(operations: Operation[]): string {
  return operations
    .map(({ kind, steps }) => {
      const kinds = [...new Set(steps.map((step) => step.kind))].filter((step) => !NOTHING.has(step));
      return `${kind} (${kinds.join(', ')})`;
    })
    .join(', ');
}
