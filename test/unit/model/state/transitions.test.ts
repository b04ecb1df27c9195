import { describe, expect, it } from 'vitest';
import { emptySlot } from '#src/model/empty-slot.js';
import * as transition from '#src/model/state/transitions.js';
import type { NodeInstance, Slot } from '#src/model/state.js';

const AT = '2026-01-02T03:04:05.000Z';
const START = { at: AT, graceUntil: '2026-01-02T03:05:35.000Z' };
const INSTANCE: NodeInstance = {
  id: 'i-1',
  type: 't3.medium',
  imageId: 'ami-1',
  architecture: 'amd64',
  subnetId: 'subnet-a',
  zone: 'eu-west-1a',
  privateIp: '10.0.0.1',
  publicIp: '203.0.113.1',
  launchedAt: AT,
  power: 'running',
};
const EMPTY = emptySlot({ name: 'server-0', role: 'server', pool: null }, 1, 'demo-server-0-g1');
const FACTS = {
  at: AT,
  deepAt: AT,
  restarts: 0,
  diskUsedPercent: 20,
  clockOffset: 0,
  certificatesUntil: '2027-01-01T00:00:00.000Z',
  databaseMiB: 20,
  snapshot: null,
};

/** A server that has been a healthy member for a while. */
const MEMBER: Slot = {
  ...EMPTY,
  instance: INSTANCE,
  agentOnline: true,
  installed: 'v1.34.2+k3s1',
  configHash: 'old',
  groups: ['sg-1'],
  manifests: 'm',
  service: 'running',
  joined: true,
  lastAppliedType: 't3.medium',
  nodeLabels: { labels: {}, taints: [] },
  facts: FACTS,
  measured: { instance: AT, checks: AT, agent: AT, service: AT, api: AT, node: AT, facts: AT },
};

/** Every transition, as it is used. */
const ALL: Record<keyof typeof transition, transition.Transition> = {
  launched: transition.launched(INSTANCE, ['sg-1']),
  reachable: transition.reachable(INSTANCE, AT),
  unreachable: transition.unreachable(INSTANCE),
  foundedOtherwise: transition.foundedOtherwise(INSTANCE),
  instanceStarted: transition.instanceStarted(INSTANCE, START),
  instanceStopping: transition.instanceStopping,
  instanceStopped: transition.instanceStopped(INSTANCE),
  rebooting: transition.rebooting(AT),
  rebooted: transition.rebooted(START),
  instanceLost: transition.instanceLost({ instanceId: 'i-1', at: AT, how: 'is replaced: a test', retired: true }, []),
  deleted: transition.deleted,
  k3sStarted: transition.k3sStarted('new', START),
  joined: transition.joined('new', { labels: { a: 'b' }, taints: [] }, START),
  binaryReplaced: transition.binaryReplaced,
  k3sStopped: transition.k3sStopped,
  superseded: transition.superseded('ref'),
  cordoned: transition.cordoned,
  drained: transition.drained,
  uncordoned: transition.uncordoned,
  typeChanged: transition.typeChanged(INSTANCE, 't3.large'),
  removed: transition.removed('demo-server-0-g1'),
};

describe('every slot transition', () => {
  it.each(Object.entries(ALL))('%s leaves the slot that it is given as it is', (_, { to }) => {
    // Prepare
    const before = structuredClone(MEMBER);
    const given = deepFrozen(structuredClone(MEMBER));
    // Act
    to(given);
    // Assess
    expect(given).toEqual(before);
  });

  it.each(Object.entries(ALL))('%s keeps name, role, pool, generation and node name', (_, { to }) => {
    const { name, role, pool, generation, nodeName } = to(MEMBER);
    expect({ name, role, pool, generation, nodeName }).toEqual({
      name: 'server-0',
      role: 'server',
      pool: null,
      generation: 1,
      nodeName: 'demo-server-0-g1',
    });
  });

  it.each(['instanceLost', 'deleted'] as const)('%s leaves nothing that only an instance has', (name) => {
    // Act
    const lost = ALL[name].to(MEMBER);
    // Assess
    expect(lost).toMatchObject({
      instance: null,
      lastInstanceId: 'i-1',
      launch: null,
      agentOnline: false,
      installed: null,
      configHash: null,
      groups: null,
      manifests: null,
      service: 'stopped',
      nodeLabels: null,
      facts: null,
      measured: {},
    });
  });

  it.each([
    'launched',
    'instanceStarted',
    'instanceStopping',
    'rebooting',
    'instanceLost',
    'k3sStarted',
    'joined',
    'k3sStopped',
  ] as const)('%s makes earlier observations of the nodes worthless', (name) => {
    expect(ALL[name].invalidates).toBe(true);
  });
});

describe('slot transitions of K3s', () => {
  it('joined makes a member that was superseded by a restore a member again', () => {
    // Prepare
    const superseded = transition.superseded('ref').to(MEMBER);
    // Act
    const slot = ALL.joined.to(superseded);
    // Assess
    expect(superseded).toMatchObject({ joined: false, service: 'stopped', resetFor: 'ref', configHash: null });
    expect(slot).toMatchObject({
      joined: true,
      service: 'running',
      configHash: 'new',
      nodeLabels: { labels: { a: 'b' } },
    });
    expect(slot).not.toHaveProperty('resetFor');
  });

  it.each(['k3sStarted', 'joined', 'instanceLost'] as const)(
    '%s ends what a replaced binary has left to do',
    (name) => {
      // Act
      const replaced = transition.binaryReplaced.to(MEMBER);
      // Assess
      expect(replaced.startDue).toBe(true);
      expect(ALL[name].to(replaced)).not.toHaveProperty('startDue');
    },
  );

  it('binaryReplaced leaves nothing to do where no service runs: its next start takes the binary', () => {
    expect(transition.binaryReplaced.to({ ...MEMBER, service: 'stopped' })).not.toHaveProperty('startDue');
  });

  it('superseded lets an agent stay a member, which a start with the restored token registers again', () => {
    // Prepare
    const agent: Slot = { ...MEMBER, role: 'agent', pool: 'workers' };
    // Act
    const slot = transition.superseded('ref').to(agent);
    // Assess
    expect(slot).toMatchObject({
      joined: true,
      service: 'running',
      configHash: null,
      nodeLabels: null,
      resetFor: 'ref',
    });
    expect(ALL.k3sStarted.to(slot)).not.toHaveProperty('resetFor');
  });

  it('k3sStarted keeps what was measured of the instance and measures K3s from now on', () => {
    // Act
    const slot = ALL.k3sStarted.to(MEMBER);
    // Assess
    expect(Object.keys(slot.measured).sort()).toEqual(['agent', 'checks', 'instance', 'service']);
    expect(slot.facts).toMatchObject({ deepAt: null, certificatesUntil: null, diskUsedPercent: 20 });
    expect(slot.graceUntil).toBe(START.graceUntil);
  });
});

describe('slot transitions of instances', () => {
  it('unreachable sends the next instance to another subnet, once', () => {
    // Act
    const twice = ALL.unreachable.to(ALL.unreachable.to({ ...EMPTY, instance: INSTANCE }));
    // Assess
    expect(twice.unreachableSubnets).toEqual(['subnet-a']);
    expect(twice.instance?.unregistered).toBe(true);
  });

  it('reachable takes every subnet back into use', () => {
    // Prepare
    const slot: Slot = { ...EMPTY, exhaustedSubnets: ['t3.medium subnet-b'], unreachableSubnets: ['subnet-b'] };
    // Act
    const next = ALL.reachable.to(slot);
    // Assess
    expect(next).toMatchObject({ agentOnline: true, exhaustedSubnets: [], unreachableSubnets: [] });
  });

  it('instanceStopped has no public address, and instanceStarted waits for the agent to return', () => {
    // Act
    const stopped = ALL.instanceStopped.to(ALL.instanceStopping.to(MEMBER));
    const started = ALL.instanceStarted.to(stopped);
    // Assess
    expect(stopped).toMatchObject({
      agentOnline: false,
      service: 'stopped',
      instance: { power: 'stopped', publicIp: null },
    });
    expect(started).toMatchObject({
      agentOnline: false,
      service: 'stopped',
      instance: { power: 'running' },
      measured: {},
    });
  });

  it('removed leaves the node of the slot a member when it is the one before that is gone', () => {
    // Prepare
    const replaced: Slot = { ...MEMBER, departing: 'demo-server-0-g0' };
    // Act
    const slot = transition.removed('demo-server-0-g0').to(replaced);
    // Assess
    expect(slot).toMatchObject({ joined: true, departing: null });
    expect(ALL.removed.to(MEMBER)).toMatchObject({ joined: false });
  });

  it('typeChanged remembers the way back', () => {
    expect(ALL.typeChanged.to(MEMBER)).toMatchObject({
      instance: { type: 't3.large' },
      previousType: 't3.medium',
      lastAppliedType: 't3.large',
    });
  });
});

function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFrozen(part);
    Object.freeze(value);
  }
  return value;
}
