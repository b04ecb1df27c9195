import { describe, expect, it } from 'vitest';
import { blankState } from '#src/model/blank-state.js';
import { emptySlot } from '#src/model/empty-slot.js';
import { planStopped } from '#src/model/plan/stopping.js';
import type { ClusterState, Operation, Slot, StepRecord } from '#src/model/state.js';
import { valid } from '../spec/sample.js';

const instance = { power: 'running' } as Slot['instance'];

/** Servers that have joined; only the first `serving` of them run K3s. */
function clusterOf(members: number, serving: number): ClusterState {
  const slots = Array.from({ length: members }, (_, index): Slot => {
    const up = index < serving;
    const place = { name: `server-${index}`, role: 'server', pool: null } as const;
    const slot = emptySlot(place, 1, `node-${index}`);
    return { ...slot, instance, joined: true, agentOnline: up, service: up ? 'running' : 'stopped' };
  });
  return {
    ...blankState(valid({ mode: 'ha' })),
    desiredState: 'stopped',
    adoption: 'done',
    slots: Object.fromEntries(slots.map((slot) => [slot.name, slot])),
  };
}

/** Whether each server's K3s is stopped only after the snapshot was saved, in the order of the stops. */
function waits(state: ClusterState): boolean[] {
  const steps = planStopped(state.document, state);
  const after = new Map(steps.map((step) => [step.id, step.after]));
  const leadsTo = (id: string, target: string): boolean =>
    (after.get(id) ?? []).some((one) => one === target || leadsTo(one, target));
  return steps.filter((step) => step.kind === 'stop-service').map((step) => leadsTo(step.id, 'snapshot:server-0'));
}

describe('the snapshot of a cluster that is stopped', () => {
  it('goes to the bucket where the document asks for backups, once in an operation', () => {
    const state = { ...clusterOf(3, 3), document: valid({ mode: 'ha', backup: {} }) };
    const operation = { kind: 'stop', steps: [{ kind: 'backup', outcome: 'done' }] as StepRecord[] } as Operation;
    const kinds = (one: ClusterState) => planStopped(one.document, one).map(({ kind }) => kind);

    expect(kinds(state)).toContain('backup');
    expect(kinds(state)).not.toContain('snapshot');
    expect(kinds({ ...state, operation })).not.toContain('backup');
  });

  it('goes beside the first stop where the other servers keep the quorum', () => {
    expect(waits(clusterOf(3, 3))).toEqual([false, true, true]);
  });

  it('is saved once in an operation, however often that is planned', () => {
    const steps = [{ kind: 'snapshot', outcome: 'done' }] as StepRecord[];
    const operation = { kind: 'stop', steps } as Operation;
    expect(waits({ ...clusterOf(3, 2), operation })).toEqual([false, false]);
  });

  it.each([
    { members: 3, serving: 2, what: 'two of three serve' },
    { members: 1, serving: 1, what: 'there is one server' },
  ])('comes before every stop where the first would cost the quorum: $what', ({ members, serving }) => {
    expect(waits(clusterOf(members, serving))).toEqual(Array.from({ length: serving }, () => true));
  });
});
