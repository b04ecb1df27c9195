import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FindingKind } from '#src/model/health/findings.js';
import { plan } from '#src/model/plan/index.js';
import { lostInstance } from '#src/model/plan/lost-instance.js';
import { documentOf } from '../plan/documents.js';
import { settle } from '../plan/settle.js';
import { emptyState, ModelWorld } from '../plan/world.js';

const KINDS: FindingKind[] = [
  'system-check',
  'instance-check',
  'volume-check',
  'agent',
  'ready',
  'voter',
  'readyz',
  'pressure',
  'disk',
  'certificates',
  'database',
  'nospace',
  'corrupt',
];
const NOW = '2026-01-01T12:00:00.000Z';
/** Each repair takes at least one plan; there are at most seven nodes. */
const ROUNDS = 20;

const illness = fc.record({ place: fc.nat(6), kind: fc.constantFrom(...KINDS) });

describe('the repair of many unhealthy nodes at once', () => {
  it('takes down one at a time and never the quorum, comes to an end, and loses no data when servers are lost', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('ha' as const, 'dev' as const),
        fc.nat(4),
        fc.array(illness, { maxLength: 6 }),
        fc.array(fc.nat(6), { maxLength: 2 }),
        fc.infiniteStream(fc.nat(1000)),
        (mode, agents, illnesses, lost, stream) => {
          // Prepare
          const world = new ModelWorld();
          const state = emptyState(documentOf({ mode, pools: [{ name: 'workers', count: agents, type: 't3.large' }] }));
          const pick = (n: number): number => (n === 0 ? 0 : (stream.next().value ?? 0) % n);
          settle(world, state, pick);
          state.checkedAt = NOW;
          const slots = Object.values(state.slots);
          for (const { place, kind } of illnesses) {
            const slot = slots[place];
            if (slot !== undefined)
              state.findings[`${slot.name}/${kind}`] = { text: kind, confirmed: true, since: NOW, pendingSince: null };
          }
          for (const place of lost) {
            const slot = slots[place];
            if (slot?.instance) state.slots[slot.name] = lostInstance(slot);
          }
          // Act
          for (let round = 0; round <= ROUNDS; round += 1) {
            const next = plan(state, NOW);
            if (next.steps.length === 0) break;
            expect(round).toBeLessThan(ROUNDS);
            const taken = next.steps.filter((step) => ['reboot', 'terminate-for-replacement'].includes(step.kind));
            expect(taken.length).toBeLessThanOrEqual(1);
            world.run(state.document, state, next, pick, Number.POSITIVE_INFINITY, false);
          }
          // Assess
          expect(world.alarms).toEqual([]);
          const members = Object.values(state.slots).filter((slot) => slot.role === 'server');
          expect(members.some((slot) => slot.instance !== null) || lost.length > 0).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
