import { describe, expect, it } from 'vitest';
import { blankState } from '#src/model/blank-state.js';
import { emptySlot } from '#src/model/empty-slot.js';
import { rulesDigest } from '#src/model/security-groups/keys.js';
import type { ClusterState } from '#src/model/state.js';
import {
  differencesOf,
  lossesOf,
  mergeReports,
  type RegionReport,
  readRegionReport,
} from '#src/model/watch/region-report.js';
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

const operationWith = (steps: NonNullable<ClusterState['operation']>['steps']): ClusterState['operation'] => ({
  id: 'op-1',
  kind: 'update',
  requestedBy: 'ann',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  outcome: 'running',
  reason: '',
  traceId: '',
  specGeneration: 1,
  steps,
  stepsTotal: steps.length,
});

const regionReport = (seen: RegionReport['seen'], whole = true): RegionReport => ({ uid: 'u', whole, seen });
const well = { id: 'i-1', state: 'running', type: 't3.medium' } as const;

describe('what surprises a cluster', () => {
  it.each<[string, RegionReport, string]>([
    ['an instance that is not there', regionReport([]), 'server-0: i-1 is gone'],
    ['one that goes', regionReport([{ ...well, state: 'shutting-down' }]), 'server-0: i-1 is shutting-down'],
    ['one that is stopped', regionReport([{ ...well, state: 'stopping' }]), 'server-0: i-1 is stopping'],
    ['another type', regionReport([{ ...well, type: 't3.large' }]), 'server-0: i-1 is of type t3.large'],
    [
      'failing checks',
      regionReport([{ ...well, failedChecks: ['system'] }]),
      'server-0: i-1 fails its system status check',
    ],
    ['a lost agent', regionReport([{ ...well, agentLost: true }]), 'server-0: i-1 has lost its SSM agent'],
    ['K3s that is not well', regionReport([{ ...well, k3s: 'readyz=etcd' }]), 'server-0: i-1 says readyz=etcd'],
    ['one of no slot', regionReport([well, { id: 'i-9', state: 'running' }]), 'i-9 is of no slot'],
    ['other security groups', regionReport([{ ...well, groups: 'sg-x' }]), 'server-0: i-1 is in the groups sg-x'],
  ])('%s', (_, seen, expected) => {
    expect(differencesOf(stateWith(), seen)).toEqual([expected]);
  });

  it.each<[string, ClusterState, RegionReport]>([
    ['what it knows', stateWith(), regionReport([well])],
    ['a part of what it knows', stateWith(), regionReport([], false)],
    [
      'the end of an instance that it has given up',
      stateWith(),
      regionReport([well, { id: 'i-0', state: 'terminated' }]),
    ],
    ['its own stop', stateWith({}, 'stopped'), regionReport([{ ...well, state: 'stopped' }])],
    ['another life of its name', stateWith(), { ...regionReport([]), uid: 'other' }],
    ['its own end', stateWith({ desiredState: 'deleted' }), regionReport([])],
  ])('not %s', (_, state, seen) => {
    expect(differencesOf(state, seen)).toEqual([]);
  });
});

describe('security groups of an instance', () => {
  const setAt = '2026-01-01T12:00:00.000Z';
  const before = stateWith().slots['server-0'];
  const slot = before && { ...before, groups: ['sg-b', 'sg-a'], givenGroups: { ids: ['sg-a', 'sg-b'], at: setAt } };
  const state = stateWith({ ...(slot && { slots: { 'server-0': slot } }) });
  const as = (groups: string, at: string): RegionReport => ({ ...regionReport([{ ...well, groups }]), at });

  it.each<[string, RegionReport, string[]]>([
    ['are what is known', as('sg-a,sg-b', '2026-01-01T12:01:00.000Z'), []],
    ['were changed by hand', as('sg-a', '2026-01-01T12:00:01.000Z'), ['server-0: i-1 is in the groups sg-a']],
    ['were listed before Keelson has set them', as('sg-a', '2026-01-01T11:59:59.000Z'), []],
  ])('%s', (_, seen, expected) => {
    expect(differencesOf(state, seen)).toEqual(expected);
  });

  it('are read out of a signal', () => {
    const seen = {
      uid: 'u',
      whole: true,
      seen: [
        { ...well, groups: 'sg-a' },
        { ...well, id: 'i-2', groups: 7 },
      ],
    };
    expect(readRegionReport({ regionReport: seen })?.seen).toEqual([{ ...well, groups: 'sg-a' }]);
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
  const as = (groups: Record<string, string>): RegionReport => ({ ...regionReport([well]), groups });
  const [servers, agents] = [rulesDigest(['b', 'a']), rulesDigest(['c'])];

  it.each<[string, RegionReport, string[]]>([
    ['other rules', as({ 'sg-s': rulesDigest(['a']), 'sg-a': agents }), ['the rules of sg-s have changed']],
    ['a group that is gone', as({ 'sg-s': servers }), ['sg-a is gone']],
    ['what is known', as({ 'sg-s': servers, 'sg-a': agents }), []],
    ['a group of someone else with the same tags', as({ 'sg-s': servers, 'sg-a': agents, 'sg-x': 'x' }), []],
    ['what was not looked at', regionReport([well]), []],
  ])('surprise: %s', (_, seen, expected) => {
    expect(differencesOf(state, seen)).toEqual(expected);
  });

  it('are read out of a signal', () => {
    const seen = { uid: 'u', whole: true, seen: [well], groups: { 'sg-s': servers, 'sg-a': 7 } };
    expect(readRegionReport({ regionReport: seen })?.groups).toEqual({ 'sg-s': servers });
  });
});

describe('what an operation has lost', () => {
  const none = new Set<string>();
  const launched = Date.parse(stateWith().slots['server-0']?.instance?.launchedAt ?? '');
  const listed = (seconds: number) => ({ at: new Date(launched + seconds * 1_000).toISOString() });

  it.each<[string, RegionReport, string]>([
    ['an instance that is not there', regionReport([]), 'server-0: i-1 is gone'],
    ['one that goes', regionReport([{ ...well, state: 'shutting-down' }], false), 'server-0: i-1 is shutting-down'],
    ['one that is stopped', regionReport([{ ...well, state: 'stopped' }]), 'server-0: i-1 is stopped'],
  ])('%s', (_, seen, text) => {
    expect(lossesOf(stateWith(), seen, none)).toEqual([{ slot: 'server-0', text }]);
  });

  it('not an instance that is younger than the list, though one that is seen to go', () => {
    expect(lossesOf(stateWith(), { ...regionReport([]), ...listed(-1) }, none)).toEqual([]);
    expect(lossesOf(stateWith(), { ...regionReport([]), ...listed(60) }, none)).toHaveLength(1);
    const goes = { ...regionReport([{ ...well, state: 'shutting-down' }]), ...listed(-1) };
    expect(lossesOf(stateWith(), goes, none)).toHaveLength(1);
  });

  describe('of an instance that the operation has started', () => {
    const step = {
      id: 'start-instance:server-0',
      kind: 'start-instance',
      phase: 'Updating',
      slot: 'server-0',
      title: '',
      startedAt: new Date(launched + 3_600_000).toISOString(),
      endedAt: new Date(launched + 3_601_000).toISOString(),
      outcome: 'done',
      error: null,
    } as const;
    const state = stateWith({ operation: operationWith([step]) });
    const stopped = { ...well, state: 'stopped' } as const;

    it('not while EC2 calls it pending, which a whole report leaves out', () => {
      const starting = { ...regionReport([]), ...listed(3_700), starting: ['i-1'] };
      expect(lossesOf(state, starting, none)).toEqual([]);
      expect(differencesOf(state, starting)).toEqual([]);
      expect(lossesOf(state, { ...regionReport([]), ...listed(3_600) }, none)).toEqual([]);
      expect(lossesOf(state, { ...regionReport([]), ...listed(3_700) }, none)).toHaveLength(1);
    });

    it('not by a report of its stop, which came before', () => {
      const merged = regionReport([stopped]);
      expect(lossesOf(state, merged, none, regionReport([{ id: 'i-2', state: 'running' }], false))).toEqual([]);
      expect(lossesOf(state, { ...merged, ...listed(3_600) }, none)).toEqual([]);
      expect(lossesOf(state, merged, none, regionReport([stopped], false))).toHaveLength(1);
      expect(lossesOf(state, { ...merged, ...listed(3_700) }, none)).toHaveLength(1);
    });
  });

  it.each<[string, ClusterState, RegionReport, string[]]>([
    [
      'what is up, whatever else is wrong with it',
      stateWith(),
      regionReport([{ ...well, failedChecks: ['instance'], type: 'x' }]),
      [],
    ],
    ['what was not looked at', stateWith(), regionReport([], false), []],
    ['that on which a step is at work', stateWith(), regionReport([]), ['server-0']],
    ['what is stopped as far as is known', stateWith({}, 'stopped'), regionReport([{ ...well, state: 'stopped' }]), []],
    ['another life of its name', stateWith(), { ...regionReport([]), uid: 'other' }, []],
    ['anything while it should not run', stateWith({ desiredState: 'stopped' }), regionReport([]), []],
  ])('not %s', (_, state, seen, busy) => {
    expect(lossesOf(state, seen, new Set(busy))).toEqual([]);
  });
});

describe('reports', () => {
  it('are laid over each other, until a whole one comes', () => {
    const whole = regionReport([well, { id: 'i-2', state: 'running' }]);
    const partial = regionReport([{ id: 'i-2', state: 'stopped' }], false);
    expect(mergeReports(whole, partial).seen).toEqual([well, { id: 'i-2', state: 'stopped' }]);
    expect(mergeReports(partial, whole)).toEqual(whole);
    expect(mergeReports(null, partial)).toEqual(partial);
  });

  it.each([
    [undefined],
    [null],
    ['x'],
    [{}],
    [{ reason: 'a person' }],
    [{ regionReport: 1 }],
    [{ regionReport: { uid: 1, seen: [] } }],
  ])('are not read out of %j', (payload) => {
    expect(readRegionReport(payload)).toBeNull();
  });

  it('leave out what is not one', () => {
    const seen = [well, null, { id: 1, state: 'running' }, { id: 'i-3', state: 'melted' }];
    expect(readRegionReport({ regionReport: { uid: 'u', whole: true, seen } })?.seen).toEqual([well]);
  });
});
