import { describe, expect, it } from 'vitest';
import { blankState } from '../../../../src/model/blank-state.js';
import { emptySlot } from '../../../../src/model/empty-slot.js';
import { rulesDigest } from '../../../../src/model/security-groups/keys.js';
import type { ClusterState } from '../../../../src/model/state.js';
import { lossesOf, mergeSights, readSight, type Sight, surprisesOf } from '../../../../src/model/watch/sight.js';
import { nodeInstance } from '../node-instance.js';
import { valid } from '../spec/sample.js';

function stateWith(change: Partial<ClusterState> = {}, power: 'running' | 'stopped' = 'running'): ClusterState {
  const slot = {
    ...emptySlot({ name: 'server-0', role: 'server', pool: null }, 1, 'shop-server-0-g1'),
    instance: nodeInstance('i-1', power),
    agentOnline: true,
    joined: true,
    service: 'running' as const,
  };
  return { ...blankState(valid()), uid: 'u', slots: { 'server-0': slot }, ...change };
}

const sight = (seen: Sight['seen'], whole = true): Sight => ({ uid: 'u', whole, seen });
const well = { id: 'i-1', state: 'running', type: 't3.medium' } as const;

describe('what surprises a cluster', () => {
  it.each<[string, Sight, string]>([
    ['an instance that is not there', sight([]), 'server-0: i-1 is gone'],
    ['one that goes', sight([{ ...well, state: 'shutting-down' }]), 'server-0: i-1 is shutting-down'],
    ['one that is stopped', sight([{ ...well, state: 'stopping' }]), 'server-0: i-1 is stopping'],
    ['another type', sight([{ ...well, type: 't3.large' }]), 'server-0: i-1 is of type t3.large'],
    ['failing checks', sight([{ ...well, failedChecks: ['system'] }]), 'server-0: i-1 fails its system status check'],
    ['a lost agent', sight([{ ...well, agentLost: true }]), 'server-0: i-1 has lost its SSM agent'],
    ['K3s that is not well', sight([{ ...well, k3s: 'readyz=etcd' }]), 'server-0: i-1 says readyz=etcd'],
    ['one of no slot', sight([well, { id: 'i-9', state: 'running' }]), 'i-9 is of no slot'],
  ])('%s', (_, seen, expected) => {
    expect(surprisesOf(stateWith(), seen)).toEqual([expected]);
  });

  it.each<[string, ClusterState, Sight]>([
    ['what it knows', stateWith(), sight([well])],
    ['a part of what it knows', stateWith(), sight([], false)],
    ['the end of an instance that it has given up', stateWith(), sight([well, { id: 'i-0', state: 'terminated' }])],
    ['its own stop', stateWith({}, 'stopped'), sight([{ ...well, state: 'stopped' }])],
    ['another life of its name', stateWith(), { ...sight([]), uid: 'other' }],
    ['its own end', stateWith({ wish: 'deleted' }), sight([])],
  ])('not %s', (_, state, seen) => {
    expect(surprisesOf(state, seen)).toEqual([]);
  });
});

describe('security groups that were changed', () => {
  const securityGroups = {
    server: { id: 'sg-s', rules: ['a', 'b'] },
    agent: { id: 'sg-a', rules: ['c'] },
    setFor: null,
    refused: null,
  };
  const state = stateWith({ securityGroups });
  const as = (groups: Record<string, string>): Sight => ({ ...sight([well]), groups });
  const [servers, agents] = [rulesDigest(['b', 'a']), rulesDigest(['c'])];

  it.each<[string, Sight, string[]]>([
    ['other rules', as({ 'sg-s': rulesDigest(['a']), 'sg-a': agents }), ['the rules of sg-s have changed']],
    ['a group that is gone', as({ 'sg-s': servers }), ['sg-a is gone']],
    ['what is known', as({ 'sg-s': servers, 'sg-a': agents }), []],
    ['a group of someone else with the same tags', as({ 'sg-s': servers, 'sg-a': agents, 'sg-x': 'x' }), []],
    ['what was not looked at', sight([well]), []],
  ])('surprise: %s', (_, seen, expected) => {
    expect(surprisesOf(state, seen)).toEqual(expected);
  });

  it('are read out of a signal', () => {
    const seen = { uid: 'u', whole: true, seen: [well], groups: { 'sg-s': servers, 'sg-a': 7 } };
    expect(readSight({ sight: seen })?.groups).toEqual({ 'sg-s': servers });
  });
});

describe('what an operation has lost', () => {
  const none = new Set<string>();
  const launched = Date.parse(stateWith().slots['server-0']?.instance?.launchedAt ?? '');
  const listed = (seconds: number) => ({ at: new Date(launched + seconds * 1_000).toISOString() });

  it.each<[string, Sight, string]>([
    ['an instance that is not there', sight([]), 'server-0: i-1 is gone'],
    ['one that goes', sight([{ ...well, state: 'shutting-down' }], false), 'server-0: i-1 is shutting-down'],
    ['one that is stopped', sight([{ ...well, state: 'stopped' }]), 'server-0: i-1 is stopped'],
  ])('%s', (_, seen, text) => {
    expect(lossesOf(stateWith(), seen, none)).toEqual([{ slot: 'server-0', text }]);
  });

  it('not an instance that is younger than the list, though one that is seen to go', () => {
    expect(lossesOf(stateWith(), { ...sight([]), ...listed(-1) }, none)).toEqual([]);
    expect(lossesOf(stateWith(), { ...sight([]), ...listed(60) }, none)).toHaveLength(1);
    const goes = { ...sight([{ ...well, state: 'shutting-down' }]), ...listed(-1) };
    expect(lossesOf(stateWith(), goes, none)).toHaveLength(1);
  });

  it.each<[string, ClusterState, Sight, string[]]>([
    [
      'what is up, whatever else is wrong with it',
      stateWith(),
      sight([{ ...well, failedChecks: ['instance'], type: 'x' }]),
      [],
    ],
    ['what was not looked at', stateWith(), sight([], false), []],
    ['that on which a step is at work', stateWith(), sight([]), ['server-0']],
    ['what is stopped as far as is known', stateWith({}, 'stopped'), sight([{ ...well, state: 'stopped' }]), []],
    ['another life of its name', stateWith(), { ...sight([]), uid: 'other' }, []],
    ['anything while it should not run', stateWith({ wish: 'stopped' }), sight([]), []],
  ])('not %s', (_, state, seen, busy) => {
    expect(lossesOf(state, seen, new Set(busy))).toEqual([]);
  });
});

describe('sights', () => {
  it('are laid over each other, until a whole one comes', () => {
    const whole = sight([well, { id: 'i-2', state: 'running' }]);
    const partial = sight([{ id: 'i-2', state: 'stopped' }], false);
    expect(mergeSights(whole, partial).seen).toEqual([well, { id: 'i-2', state: 'stopped' }]);
    expect(mergeSights(partial, whole)).toEqual(whole);
    expect(mergeSights(null, partial)).toEqual(partial);
  });

  it.each([
    [undefined],
    [null],
    ['x'],
    [{}],
    [{ reason: 'a person' }],
    [{ sight: 1 }],
    [{ sight: { uid: 1, seen: [] } }],
  ])('are not read out of %j', (payload) => {
    expect(readSight(payload)).toBeNull();
  });

  it('leave out what is no sighting', () => {
    const seen = [well, null, { id: 1, state: 'running' }, { id: 'i-3', state: 'melted' }];
    expect(readSight({ sight: { uid: 'u', whole: true, seen } })?.seen).toEqual([well]);
  });
});
