import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FindingKind } from '#src/model/health/findings.js';
import { kubernetesSays } from '#src/model/health/kubernetes-says.js';
import type { Step } from '#src/model/plan/index.js';
import type { ClusterState } from '#src/model/state.js';
import { change, ill, later, NOW, planned, running, seen, slotOf } from './state.js';

const SIGHT: FindingKind[] = ['agent', 'system-check', 'instance-check', 'volume-check'];
const MINUTES = [0, 1, 5, 15, 30, 31, 60, 24 * 60, 25 * 60, 72 * 60];
/** What takes a node down. */
const TAKES = new Set([
  'reboot',
  'stop-instance',
  'start-service',
  'terminate-for-replacement',
  'terminate',
  'stop-service',
]);
const takenBy = (steps: readonly Step[]): Step[] => steps.filter((step) => TAKES.has(step.kind));

const tried = fc.option(fc.constantFrom(-3 * 24 * 60, -60, 0, 10), { nil: null });
const trouble = fc.record({
  place: fc.nat(6),
  kinds: fc.uniqueArray(fc.constantFrom(...SIGHT), { minLength: 1 }),
  rebooted: tried,
  cycled: tried,
  restarted: fc.nat(5),
});
const cluster = fc.record({
  mode: fc.constantFrom('ha' as const, 'ha' as const, 'dev' as const),
  agents: fc.nat(4),
  troubles: fc.array(trouble, { minLength: 1, maxLength: 5 }),
  notReady: fc.array(fc.nat(6), { maxLength: 3 }),
  minutes: fc.constantFrom(...MINUTES),
  asked: fc.boolean(),
});

type Cluster = typeof cluster extends fc.Arbitrary<infer T> ? T : never;

/** Made once: to settle a cluster takes longer than to plan for it. The functions below copy what they change. */
const clusters = new Map<string, ClusterState>();
function sound(mode: 'ha' | 'dev', agents: number): ClusterState {
  const key = `${mode} ${agents}`;
  const state = clusters.get(key) ?? running({ mode, agents });
  clusters.set(key, state);
  return state;
}

/** The cluster as its looks have found it; `notReady` is left to the caller. */
function stateOf({ mode, agents, troubles }: Cluster): ClusterState {
  let state = sound(mode, agents);
  const names = Object.keys(state.slots);
  for (const { place, kinds, rebooted, cycled, restarted } of troubles) {
    const name = names[place % names.length] ?? '';
    for (const kind of kinds) state = ill(state, name, kind);
    state = change(state, name, {
      rebootedAt: rebooted === null ? null : later(rebooted),
      powerCycledAt: cycled === null ? null : later(cycled),
      restarts: restarted === 0 ? null : { count: restarted, at: NOW },
    });
  }
  return state;
}

function withNotReady(state: ClusterState, places: readonly number[]): ClusterState {
  const names = Object.keys(state.slots);
  return places.reduce((one, place) => {
    const name = names[place % names.length] ?? '';
    return change(ill(one, name, 'ready'), name, { notReadySince: NOW });
  }, state);
}

describe('loss of sight', () => {
  it('never replaces, stops or restarts a node that Kubernetes calls Ready; it is rebooted once a day at most', () => {
    fc.assert(
      fc.property(cluster, (one) => {
        const state = stateOf(one);
        const { steps } = planned(state, later(one.minutes));
        for (const step of takenBy(steps)) {
          expect(step.kind).toBe('reboot');
          const { rebootedAt } = slotOf(state, step.slot ?? '');
          const since =
            rebootedAt === null ? Number.POSITIVE_INFINITY : Date.parse(later(one.minutes)) - Date.parse(rebootedAt);
          expect(since).toBeGreaterThanOrEqual(24 * 3_600_000);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('does nothing to a node of which Kubernetes has said nothing since', () => {
    fc.assert(
      fc.property(cluster, (one) => {
        const state = withNotReady(stateOf({ ...one, mode: 'ha' }), one.notReady);
        const unasked = { ...state, observationStartedAt: later(0.1) };
        expect(takenBy(planned(unasked, later(one.minutes)).steps)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('whatever is wrong with several nodes', () => {
  it('takes down one at a time, no server while another one is in doubt, and replaces only after what is gentler', () => {
    fc.assert(
      fc.property(cluster, (one) => {
        const state = withNotReady(stateOf(one), one.notReady);
        const current = one.asked ? seen(state, later(0)) : { ...state, observationStartedAt: later(0.1) };
        const { steps } = planned(current, later(one.minutes));
        const taken = takenBy(steps);
        expect(new Set(taken.map((step) => step.slot)).size).toBeLessThanOrEqual(1);
        for (const { kind, slot: name } of taken) {
          const slot = slotOf(current, name ?? '');
          if (slot.role === 'server' && one.mode === 'ha') {
            const others = Object.values(current.slots).filter((other) => other.role === 'server' && other !== slot);
            expect(others.map((other) => kubernetesSays(current, other))).toEqual(['Ready', 'Ready']);
          }
          if (kind !== 'terminate-for-replacement') continue;
          expect(kubernetesSays(current, slot)).toBe('NotReady');
          expect(slot.powerCycledAt).not.toBeNull();
          expect(one.minutes).toBeGreaterThanOrEqual(30);
        }
      }),
      { numRuns: 400 },
    );
  });
});
