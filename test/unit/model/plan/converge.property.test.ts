import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '#src/model/plan/index.js';
import { documentOf, shapes } from './documents.js';
import { settle } from './settle.js';
import { emptyState, ModelWorld } from './world.js';

describe('plan', () => {
  it('converges from any desired state to any other, interrupted anywhere, and never does harm', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(shapes, fc.nat(30)), { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.nat(1000)),
        (wishes, stream) => {
          // Prepare
          const world = new ModelWorld();
          const first = wishes[0]?.[0];
          const state = emptyState(documentOf({ ...first, state: 'running' }));
          const pick = (n: number): number => (n === 0 ? 0 : (stream.next().value ?? 0) % n);
          // Act: each desired state is followed for some steps, then the next one comes.
          let ha = false;
          for (const [shape, steps] of wishes) {
            ha ||= shape.mode === 'ha'; // ha -> dev is refused before it gets here
            state.document = documentOf({ ...shape, mode: ha ? 'ha' : 'dev' });
            state.desiredState = shape.state;
            const next = plan(state);
            world.run(state.document, state, next, pick, steps, false);
          }
          settle(world, state, pick);
          // Assess
          expect(world.alarms).toEqual([]);
          const powered = Object.values(state.slots).filter((slot) => slot.instance?.power === 'running');
          if (state.desiredState === 'stopped') expect(powered).toEqual([]);
          else expect(powered.length).toBe(Object.keys(state.slots).length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('takes one server down at a time when a cluster that serves is changed', () => {
    fc.assert(
      fc.property(shapes, shapes, fc.infiniteStream(fc.nat(1000)), (before, after, stream) => {
        // Prepare
        const world = new ModelWorld();
        const state = emptyState(documentOf({ ...before, mode: 'ha', state: 'running' }));
        const pick = (n: number): number => (n === 0 ? 0 : (stream.next().value ?? 0) % n);
        settle(world, state, pick);
        // Act
        state.document = documentOf({ ...after, mode: 'ha', state: 'running' });
        const steps = plan(state).steps;
        settle(world, state, pick);
        // Assess
        expect(world.alarms).toEqual([]);
        const downs = steps.filter((step) => step.slot?.startsWith('server-') && step.disruption !== 'none');
        expect(downs.every((step) => steps.some((gate) => gate.id === `check-quorum:${step.slot}`))).toBe(true);
        expect(downs.every((step) => steps.some((gate) => gate.id === `recheck-quorum:${step.slot}`))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
