import { describe, expect, it } from 'vitest';
import { emptySlot } from '#src/model/empty-slot.js';
import { recordInstalled, versionsInUse } from '#src/model/k3s/installed.js';
import type { Slot } from '#src/model/state.js';
import { documentOf } from '../plan/documents.js';

const slot = (name: string): Slot => emptySlot({ name, role: 'server', pool: null }, 1, `demo-${name}-g1`);
const stateOf = (...slots: Slot[]) => ({
  ...{ newestVersion: null as string | null, mirrorProblem: null, document: documentOf() },
  slots: Object.fromEntries(slots.map((one) => [one.name, one])),
});

describe('versionsInUse', () => {
  it('is null while no node has K3s', () => {
    expect(versionsInUse(stateOf(slot('server-0')))).toBeNull();
  });

  it('spans what the nodes have in the middle of an upgrade', () => {
    // Prepare
    const [first, second] = [slot('server-0'), slot('server-1')];
    const state = stateOf(first, second);
    // Act
    recordInstalled(state, first, 'v1.34.10+k3s1');
    recordInstalled(state, second, 'v1.34.2+k3s1');
    // Assess
    expect(versionsInUse(state)).toEqual({ oldest: 'v1.34.2+k3s1', newest: 'v1.34.10+k3s1' });
  });

  it('remembers the newest version of a node that is gone', () => {
    // Prepare
    const [first, second] = [slot('server-0'), slot('server-1')];
    const state = stateOf(first, second);
    recordInstalled(state, first, 'v1.35.0+k3s1');
    recordInstalled(state, second, 'v1.34.2+k3s1');
    // Act
    recordInstalled(state, first, null);
    // Assess
    expect(versionsInUse(state)).toEqual({ oldest: 'v1.34.2+k3s1', newest: 'v1.35.0+k3s1' });
  });

  it('counts what older state carries in its slots alone', () => {
    const known = { ...slot('server-0'), installed: 'v1.34.2+k3s1' };
    expect(versionsInUse(stateOf(known))).toEqual({ oldest: 'v1.34.2+k3s1', newest: 'v1.34.2+k3s1' });
  });
});
