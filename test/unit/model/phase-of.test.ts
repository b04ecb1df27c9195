import { describe, expect, it } from 'vitest';
import type { Phase } from '#src/model/phase.js';
import { phaseOf } from '#src/model/phase-of.js';
import type { ClusterState, OperationKind } from '#src/model/state.js';
import { operation, step } from '../cli/status.js';
import { documentOf } from './plan/documents.js';
import { settle } from './plan/settle.js';
import { emptyState, ModelWorld } from './plan/world.js';

/** A cluster that runs, with an operation under way whose steps are of these phases, the ones that run first. */
function during(kind: OperationKind, phases: readonly Phase[], rests = false): ClusterState {
  const state = emptyState(documentOf({ mode: 'ha' }));
  settle(new ModelWorld(), state, () => 0);
  const steps = phases.map((phase) => step({ phase, outcome: rests ? 'done' : 'running' }));
  return { ...state, operation: operation({ kind, steps }) };
}

describe('the phase', () => {
  it.each<[OperationKind, Phase[]]>([
    ['repair', ['Starting']],
    ['repair', ['Configuring', 'Provisioning']],
  ])('of a cluster under %s with steps of %j stays Running, whatever its steps do', (kind, phases) => {
    expect(phaseOf(during(kind, phases))).toBe('Running');
    expect(phaseOf(during(kind, phases, true))).toBe('Running');
  });

  it('of a cluster under repair that has lost its quorum is Failed', () => {
    const state = during('repair', ['Configuring']);
    for (const name of ['server-0', 'server-1']) {
      const slot = state.slots[name];
      if (slot) state.slots[name] = { ...slot, instance: null };
    }
    expect(phaseOf(state)).toBe('Failed');
  });

  it.each<[OperationKind, Phase[], Phase]>([
    ['create', ['Installing', 'Provisioning'], 'Provisioning'],
    ['update', ['Updating'], 'Updating'],
    ['start', ['Starting'], 'Starting'],
  ])('under %s is the earliest of the steps that run: %j', (kind, phases, expected) => {
    expect(phaseOf(during(kind, phases))).toBe(expected);
  });
});
