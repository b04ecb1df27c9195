import { describe, expect, it } from 'vitest';
import { blankState } from '#src/model/blank-state.js';
import { emptySlot } from '#src/model/empty-slot.js';
import { absorb } from '#src/model/plan/observe.js';
import type { ClusterState } from '#src/model/state.js';
import { nodeInstance } from '../node-instance.js';
import { valid } from '../spec/sample.js';

const LAUNCHED = '2026-01-01T00:00:00.000Z';
const minutesAfter = (minutes: number): string => new Date(Date.parse(LAUNCHED) + minutes * 60_000).toISOString();

/** A cluster of one server. */
function stateOfOne(): ClusterState {
  const slot = emptySlot({ name: 'server-0', role: 'server', pool: null }, 1, 'shop-server-0-g1');
  const instance = { ...nodeInstance('i-1'), launchedAt: LAUNCHED };
  return { ...blankState(valid()), slots: { 'server-0': { ...slot, joined: true, service: 'running', instance } } };
}

describe('an instance that EC2 lists neither alive nor terminated', () => {
  it('keeps its slot in the first ten minutes after its launch', () => {
    const { slots } = absorb(stateOfOne(), { at: minutesAfter(9.9), instances: [], unlisted: ['i-1'] });

    expect(slots).toEqual(stateOfOne().slots);
  });

  it('has left its slot afterwards', () => {
    const { slots } = absorb(stateOfOne(), { at: minutesAfter(10), instances: [], unlisted: ['i-1'] });

    expect(slots['server-0']?.instance).toBeNull();
  });
});

describe('an instance that EC2 lists as terminated', () => {
  it('has left its slot at once, however young it is', () => {
    const { slots } = absorb(stateOfOne(), { at: minutesAfter(1), instances: [], unlisted: [] });

    expect(slots['server-0']?.instance).toBeNull();
  });
});
