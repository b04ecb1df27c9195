import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterFailure, FAILURES_TO_OPEN, halfOpened, stillHolding } from '#src/model/breaker.js';
import { LAUNCH_WINDOW_MS, MOST_LAUNCHES, recordLaunch } from '#src/model/launch-limit.js';
import { lostInstance } from '#src/model/plan/lost-instance.js';
import { nextMove } from '#src/model/plan/next-move.js';
import { decide, type RequestName } from '#src/model/requests/decide.js';
import type { ClusterState, ErrorClass, OperationKind } from '#src/model/state.js';
import { upgradeState } from '#src/model/upgrade.js';
import { documentOf } from './documents.js';
import { emptyState, ModelWorld } from './world.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');

/** What closes breakers: all else may wake the loop as often as it likes. */
const CLOSES: readonly RequestName[] = ['retry', 'stop', 'start', 'resize'];

/** The cluster and what the test itself knows of it: when a slot was launched, and until when a breaker was said to be open. */
interface Run {
  state: ClusterState;
  world: ModelWorld;
  now: number;
  launched: Map<string, number[]>;
  promised: number;
}

type Occurrence = (run: Run) => void;

const iso = (run: Run): string => new Date(run.now).toISOString();

/** Time passes; up to ten minutes and more, for then breakers half-open. */
const passes =
  (ms: number): Occurrence =>
  (run) => {
    run.now += ms;
  };

/** An instance ends, whatever it was doing, and that is seen. */
const dies =
  (index: number): Occurrence =>
  ({ state }) => {
    const slot = Object.values(state.slots)[index];
    if (slot !== undefined) state.slots[slot.name] = { ...lostInstance(slot), joined: slot.joined };
  };

const requests = fc.constantFrom<RequestName>('pause', 'resume', 'repair', 'start', 'stop', 'apply', 'retry', 'resize');

const asks =
  (name: RequestName): Occurrence =>
  (run) => {
    const { document } = run.state;
    const payload = name === 'apply' ? { document } : name === 'resize' ? { instanceType: 'm6i.large' } : {};
    const decision = decide(run.state, name, payload);
    if (decision.outcome !== 'accepted') return;
    Object.assign(run.state, decision.change);
    run.state.specGeneration += 1;
    if (CLOSES.includes(name)) run.promised = 0;
  };

/** What is not carried is lost. */
const renews: Occurrence = (run) => {
  run.state = upgradeState(JSON.parse(JSON.stringify(run.state)) as ClusterState);
};

const failures = fc.constantFrom<ErrorClass | null>('transient', 'conflict', 'capacity', 'invalid', null, null);

/** A round of the loop: it does some of the steps until one fails, or all of them. */
const round =
  (steps: number, failure: ErrorClass | null): Occurrence =>
  (run) => {
    const { state } = run;
    if (state.paused) return;
    const move = nextMove(state, iso(run));
    if (move.kind === 'idle' && move.plan.deferred === undefined)
      state.breakers = stillHolding(state.breakers, iso(run));
    if (move.kind !== 'try') return;
    state.breakers = halfOpened(state.breakers, iso(run));
    carryOut(run, failure === null ? Number.POSITIVE_INFINITY : steps);
    if (failure !== null) fail(run, move.plan.kind, failure);
    else if (move.plan.deferred === undefined) close(state, move.plan.kind);
  };

function carryOut(run: Run, limit: number): void {
  const { state, world } = run;
  const { plan } = nextMove(state, iso(run));
  const before = new Map(Object.entries(state.generations));
  world.run(state.document, state, plan, () => 0, limit, false);
  for (const [slot, generation] of Object.entries(state.generations)) {
    if (generation === before.get(slot)) continue;
    expect(run.now, `${slot} launched while a breaker was open`).toBeGreaterThanOrEqual(run.promised);
    recordLaunch(state, slot, iso(run));
    run.launched.set(slot, [...(run.launched.get(slot) ?? []), run.now]);
  }
}

function close(state: ClusterState, kind: OperationKind): void {
  const { [kind]: _, ...breakers } = state.breakers;
  state.breakers = breakers;
}

function fail(run: Run, kind: OperationKind, errorClass: ErrorClass): void {
  const { breaker } = afterFailure(run.state.breakers[kind] ?? null, errorClass, iso(run));
  run.state.breakers = { ...run.state.breakers, [kind]: breaker };
  if (breaker.failures >= FAILURES_TO_OPEN) run.promised = Math.max(run.promised, Date.parse(breaker.openUntil ?? ''));
}

const occurrences = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.nat(12), failures).map(([steps, failure]) => round(steps, failure)) },
    { weight: 3, arbitrary: fc.nat(4).map(dies) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 20_000 }).map(passes) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 700_000 }).map(passes) },
    { weight: 1, arbitrary: requests.map(asks) },
    { weight: 1, arbitrary: fc.constant(renews) },
  ),
  { minLength: 20, maxLength: 120 },
);

function begin(born: boolean): Run {
  const state = emptyState(documentOf({ mode: 'ha', state: 'running' }));
  if (born) state.initializedAt = new Date(START).toISOString();
  return { state, world: new ModelWorld(), now: START, launched: new Map(), promised: 0 };
}

/** The most launches of one slot that any ten minutes have seen. */
function mostIn({ launched }: Run): number {
  const counts = [...launched.values()].flatMap((times) =>
    times.map((from) => times.filter((one) => one >= from && one < from + LAUNCH_WINDOW_MS).length),
  );
  return Math.max(0, ...counts);
}

describe('loop', () => {
  it('launches no slot more than five times in ten minutes, and none while a breaker is open, whatever happens', () => {
    fc.assert(
      fc.property(fc.boolean(), occurrences, (born, all) => {
        const run = begin(born);
        for (const happens of all) happens(run);
        expect(mostIn(run)).toBeLessThanOrEqual(MOST_LAUNCHES);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['before it was ever Running', false],
    ['as a repair', true],
  ])('launches what dies at once five times, %s, and goes on when ten minutes are over', (_, born) => {
    // Prepare
    const run = begin(born);
    const goOn = (times: number): void => {
      for (let time = 0; time < times; time += 1) {
        round(0, null)(run);
        dies(1)(run);
        asks('retry')(run);
        asks('repair')(run);
        passes(1_000)(run);
      }
    };
    // Act
    goOn(20);
    const early = run.launched.get('server-1')?.length;
    passes(LAUNCH_WINDOW_MS)(run);
    goOn(20);
    // Assess
    expect(early).toBe(MOST_LAUNCHES);
    expect(run.launched.get('server-1')).toHaveLength(2 * MOST_LAUNCHES);
  });

  it('tries nothing for ten minutes after what only a person can repair, whatever wakes it', () => {
    const run = begin(false);
    round(3, 'invalid')(run);
    const before = JSON.stringify(run.state.generations);
    for (const name of ['pause', 'resume', 'repair', 'start', 'apply'] as const) {
      asks(name)(run);
      renews(run);
      passes(100_000)(run);
      round(12, null)(run);
    }
    expect(run.promised).toBe(START + LAUNCH_WINDOW_MS);
    expect(JSON.stringify(run.state.generations)).toBe(before);
    passes(100_000)(run);
    round(12, null)(run);
    expect(JSON.stringify(run.state.generations)).not.toBe(before);
  });
});
