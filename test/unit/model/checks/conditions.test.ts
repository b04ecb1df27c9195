import { describe, expect, it } from 'vitest';
import { conditionsOf } from '#src/model/checks.js';
import { setConditions } from '#src/model/conditions.js';
import { recordInstalled } from '#src/model/k3s/installed.js';
import type { ClusterState, Slot } from '#src/model/state.js';
import { statusOf } from '#src/model/status.js';
import { measuredWhole } from '../measured.js';
import { documentOf } from '../plan/documents.js';
import { settle } from '../plan/settle.js';
import { emptyState, ModelWorld } from '../plan/world.js';

const NOW = '2026-01-01T12:00:00.000Z';

function running(): ClusterState {
  const state = emptyState(documentOf({ mode: 'ha' }));
  settle(new ModelWorld(), state, () => 0);
  return measuredWhole(state, NOW);
}

function change(state: ClusterState, name: string, changed: Partial<Slot>): ClusterState {
  const slot = state.slots[name];
  if (slot === undefined) throw new Error(`no ${name}`);
  return { ...state, slots: { ...state.slots, [name]: { ...slot, ...changed } } };
}

const told = (state: ClusterState, type: string) => conditionsOf(state).find((one) => one.type === type);

describe('a condition that counts nodes', () => {
  it('counts those that were measured, and names those that were not', () => {
    const state = change(running(), 'server-2', { measured: {} });
    expect(told(state, 'DisksFree')).toMatchObject({
      status: 'Unknown',
      reason: 'NotMeasured',
      message: '2 of 3 nodes have room on their disks; server-2: not measured yet',
    });
  });

  it('is False as soon as one is known to be bad, and says nothing then of what was not measured', () => {
    const finding = { text: 'its disk is 93 % full', confirmed: true, since: NOW, pendingSince: null };
    const state = change(running(), 'server-2', { measured: {} });
    expect(told({ ...state, findings: { 'server-0/disk': finding } }, 'DisksFree')).toMatchObject({
      status: 'False',
      message: '1 of 3 nodes have room on their disks; server-0: its disk is 93 % full',
    });
  });

  it('is Unknown where the first measurement is bad, which is not believed yet, and True where it was good before', () => {
    const seen = { text: 'its disk is 93 % full', confirmed: false, since: NOW, pendingSince: NOW };
    const first = { ...running(), findings: { 'server-0/disk': { ...seen, first: true as const } } };
    const later = { ...running(), findings: { 'server-0/disk': seen } };
    expect(told(first, 'DisksFree')).toMatchObject({ status: 'Unknown', reason: 'NotMeasured' });
    expect(told(later, 'DisksFree')).toMatchObject({ status: 'True' });
  });

  it('is Unknown for a node that has answered without telling it', () => {
    const { facts } = running().slots['server-1'] ?? {};
    const state = change(running(), 'server-1', { facts: facts == null ? null : { ...facts, clockOffset: null } });
    expect(told(state, 'ClocksSynchronized')).toMatchObject({ status: 'Unknown' });
    expect(told(state, 'ClocksSynchronized')?.message).toContain('server-1: it did not tell');
  });

  it('does not take a silent node for a measured one', () => {
    const silent = { text: 'it does not answer', confirmed: true, since: NOW, pendingSince: null };
    const state = { ...running(), findings: { 'server-1/silent': silent } };
    expect(told(state, 'DisksFree')).toMatchObject({ status: 'Unknown' });
    expect(told(state, 'NodesReady')).toMatchObject({ status: 'True' });
  });

  it('is Unknown where no server lists the nodes, whatever Kubernetes said of them before; what nodes tell of themselves holds', () => {
    // Prepare
    const unlisted = { text: 'no server lists its nodes: a time-out', confirmed: true, since: NOW, pendingSince: null };
    const notReady = { ...unlisted, text: 'its node is not Ready' };
    const state = { ...running(), findings: { 'unlisted/Kubernetes': unlisted, 'server-1/ready': notReady } };

    // Act
    const told = Object.fromEntries(conditionsOf(state).map((one) => [one.type, one]));

    // Assess
    for (const type of ['NodesReady', 'NodesWithoutPressure', 'NodesLabelled', 'EtcdHealthy'])
      expect(told[type]).toMatchObject({ status: 'Unknown', message: expect.stringContaining(unlisted.text) });
    for (const type of ['K3sRunning', 'ApiServersReady', 'ApiAvailable', 'DisksFree'])
      expect(told[type]).toMatchObject({ status: 'True' });
  });

  it('holds as before where one observation alone was not given the nodes: an election may have held it back', () => {
    const once = { text: 'no server lists its nodes', confirmed: false, since: NOW, pendingSince: NOW };
    expect(told({ ...running(), findings: { 'unlisted/Kubernetes': once } }, 'NodesReady')).toMatchObject({
      status: 'True',
    });
  });
});

describe('a server that has lost its instance', () => {
  const { instance } = running().slots['server-1'] ?? {};
  const lost = change(running(), 'server-1', {
    instance: null,
    lastInstanceId: instance?.id ?? '',
    measured: {},
    facts: null,
  });

  it('is missing where it is known to be missing, and Unknown where nothing can be known of it', () => {
    const status = (type: string) => told(lost, type)?.status;
    expect(['InstancesRunning', 'AgentsOnline', 'K3sRunning', 'NodesReady', 'EtcdHealthy'].map(status)).toEqual(
      Array.from({ length: 5 }, () => 'False'),
    );
    expect(['DisksFree', 'ClocksSynchronized', 'CertificatesValid', 'InstancesHealthy'].map(status)).toEqual(
      Array.from({ length: 4 }, () => 'Unknown'),
    );
    expect(told(lost, 'ApiAvailable')).toMatchObject({ status: 'True', reason: 'Answers' });
    expect(told(lost, 'EtcdHealthy')).toMatchObject({ reason: 'VoterMissing' });
  });
});

describe('a mirror that the worker cannot read', () => {
  const problem = { message: 'HTTP 503 (GET https://mirror.example/sums)', since: NOW };

  it('is Unknown with what came back, and says nothing about health', () => {
    const state = { ...running(), mirrorProblem: problem };
    const healthOf = (of: ClusterState) =>
      statusOf({ ...of, conditions: setConditions([], conditionsOf(of), NOW, NOW) }).health;
    expect(told(state, 'MirrorReadable')).toMatchObject({ status: 'Unknown', reason: 'NotReadByWorker' });
    expect(told(state, 'MirrorReadable')?.message).toContain('HTTP 503 (GET https://mirror.example/sums)');
    expect(healthOf(state)).toBe(healthOf(running()));
  });

  it('is no condition once a node has the version of the document; another version proves nothing', () => {
    const state = { ...running(), mirrorProblem: problem };
    const [slot] = Object.values(state.slots);
    if (slot === undefined) throw new Error('no slot');
    recordInstalled(state, slot, 'v1.33.0+k3s1');
    const before = told(state, 'MirrorReadable');
    recordInstalled(state, slot, state.document.spec.k3s.version);
    expect(before).toBeDefined();
    expect(told(state, 'MirrorReadable')).toBeUndefined();
  });
});

describe('the API', () => {
  it('is not called available by the number of servers alone: they have to be measured', () => {
    const measured = running();
    const state = change(change(measured, 'server-0', { measured: {} }), 'server-1', { measured: {} });
    expect(told(state, 'ApiAvailable')).toMatchObject({ status: 'Unknown' });
  });

  it('is called unavailable when it cannot have a quorum, whatever the others turn out to be', () => {
    const down = { service: 'stopped' as const, measured: {} };
    const state = change(change(change(running(), 'server-0', down), 'server-1', down), 'server-2', { measured: {} });
    expect(told(state, 'ApiAvailable')).toMatchObject({ status: 'False', reason: 'NoQuorum' });
    expect(told(state, 'EtcdHealthy')).toMatchObject({ status: 'False', reason: 'QuorumMissing' });
  });
});

describe('Observed', () => {
  it('reports when the cluster was observed last, and by whom', () => {
    const at = '2026-01-01T12:03:04.000Z';
    expect(told(running(), 'Observed')?.message).toBe(`last observation ${NOW} by the cluster itself`);
    expect(told({ ...running(), watchedAt: at }, 'Observed')?.message).toBe(
      `last observation ${at} by the region watch`,
    );
  });
});
