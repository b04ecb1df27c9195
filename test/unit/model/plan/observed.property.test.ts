import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InstanceObservation } from '#src/model/observation.js';
import { type Observation, plan } from '#src/model/plan/index.js';
import { absorb } from '#src/model/plan/observe.js';
import type { ClusterState } from '#src/model/state.js';
import { documentOf, shapes } from './documents.js';
import { settle } from './settle.js';
import { emptyState, ModelWorld } from './world.js';

/** What someone else does to the instance of a slot, by the slot's place. */
const deeds = fc.array(
  fc.constantFrom('nothing', 'nothing', 'stops', 'starts', 'terminates', 'is not seen', 'regroups'),
  { maxLength: 9 },
);

/** What AWS would say after those deeds. */
function observationOf(state: ClusterState, done: readonly string[]): Observation {
  const instances = Object.values(state.slots).flatMap((slot, index): InstanceObservation[] => {
    const deed = done[index] ?? 'nothing';
    if (slot.instance === null || deed === 'is not seen') return [];
    const { power, untagged: _, ...instance } = slot.instance;
    const states = { stops: 'stopping', starts: 'running', terminates: 'shutting-down' } as const;
    const next = deed in states ? states[deed as keyof typeof states] : power;
    const groups = deed === 'regroups' ? ['sg-other'] : slot.groups;
    const view = { ...instance, slot: slot.name, generation: slot.generation, state: next };
    return [{ ...view, ...(groups !== null && { groups }) }];
  });
  return { at: '2026-01-01T00:00:00Z', instances };
}

describe('plan, of what was observed', () => {
  it('repairs what someone else has done, or does nothing where data could be lost, and never takes the quorum itself', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.array(fc.tuple(deeds, shapes, fc.nat(30)), { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.nat(1000)),
        (first, rounds, stream) => {
          // Prepare
          const world = new ModelWorld();
          const state = emptyState(documentOf({ ...first, state: 'running' }));
          const pick = (n: number): number => (n === 0 ? 0 : (stream.next().value ?? 0) % n);
          settle(world, state, pick);
          let ha = first.mode === 'ha';
          // Act
          for (const [done, shape, steps] of rounds) {
            ha ||= shape.mode === 'ha';
            state.document = documentOf({ ...shape, mode: ha ? 'ha' : 'dev' });
            state.desiredState = shape.state;
            const seen = observationOf(state, done);
            const before = structuredClone(state);
            const next = plan(absorb(state, seen));
            expect(state).toEqual(before);
            state.slots = absorb(state, seen).slots;
            expect(plan(state)).toEqual(next);
            // Too many are lost: the rest waits for the replacement rate limit, which `settle` does not.
            if (next.blocked !== undefined && next.blocked.code !== 'RepairRateLimited') {
              expect(next).toMatchObject({ steps: [], blocked: { code: 'QuorumLost' } });
              expect(world.alarms).toEqual([]);
              return;
            }
            world.run(state.document, state, next, pick, steps, false);
          }
          settle(world, state, pick, false);
          // Assess
          expect(world.alarms).toEqual([]);
          const power = state.desiredState === 'stopped' ? 'stopped' : 'running';
          const instances = Object.values(state.slots).flatMap((slot) => slot.instance ?? []);
          expect(instances.filter((instance) => instance.power !== power)).toEqual([]);
          const slots = Object.values(state.slots).filter(({ instance }) => instance !== null);
          expect(slots.filter(({ groups }) => groups?.includes('sg-other'))).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
