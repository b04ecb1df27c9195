import { describe, expect, it } from 'vitest';
import { blankState } from '#src/model/blank-state.js';
import { conditionsOf } from '#src/model/checks.js';
import { lacking } from '#src/model/drill/compare.js';
import { drillConfig } from '#src/model/drill/config.js';
import { drillMachine } from '#src/model/drill/launch.js';
import { drillDue, drillLostAt } from '#src/model/drill/schedule.js';
import { type DrillReport, type DrillState, noDrill, readDrillReport } from '#src/model/drill/state.js';
import { portsOut } from '#src/model/drill/ways-out.js';
import type { InstanceObservation } from '#src/model/observation.js';
import { decide } from '#src/model/requests/decide.js';
import { restoreOf } from '#src/model/restore/state.js';
import type { ClusterState } from '#src/model/state.js';
import { statusOf } from '#src/model/status.js';
import { valid } from '../spec/sample.js';

const REPORT: DrillReport = {
  ref: 'op-1',
  startedAt: '2026-03-01T12:00:00.000Z',
  endedAt: '2026-03-01T12:04:00.000Z',
  backup: '2026-03-01T11-00-00Z',
  machineSeconds: 200,
  instanceType: 't3.medium',
  objects: 120,
  problem: null,
};
const PROBLEM = { code: 'SnapshotDamaged', message: 'it is cut', hint: 'take another backup' };

interface Given {
  backup?: object;
  drill?: Partial<DrillState>;
  change?: Partial<ClusterState>;
}

/** A cluster that runs and has a backup. */
function stateWith({ backup = { drill: 'weekly' }, drill = {}, change = {} }: Given = {}): ClusterState {
  const blank = blankState(valid({ backup }));
  return {
    ...blank,
    uid: '00000000-0000-4000-8000-000000000000',
    initializedAt: '2026-02-20T00:00:00.000Z',
    createdAt: '2026-02-20T00:00:00.000Z',
    adoption: 'done',
    backup: { ...blank.backup, at: '2026-03-01T11:00:00.000Z', id: '2026-03-01T11-00-00Z' },
    drill: { ...noDrill(), ...drill },
    ...change,
  };
}

describe('the condition BackupProven', () => {
  const provenAt = (given: Given, now = '2026-03-02T00:00:00.000Z') =>
    conditionsOf({ ...stateWith(given), checkedAt: now }, now).find(({ type }) => type === 'BackupProven');

  it.each([
    ['Unknown', 'NeverDrilled', {}, undefined],
    ['True', 'Restored', { last: REPORT }, undefined],
    ['False', 'SnapshotDamaged', { last: { ...REPORT, problem: PROBLEM } }, undefined],
    ['True', 'Restored', { last: REPORT }, '2026-03-15T12:04:00.000Z'],
    ['Unknown', 'Stale', { last: REPORT }, '2026-03-15T12:04:01.000Z'],
    ['False', 'SnapshotDamaged', { last: { ...REPORT, problem: PROBLEM } }, '2026-04-15T00:00:00.000Z'],
  ] as const)('is %s (%s)', (status, reason, drill, now) => {
    expect(provenAt({ drill }, now)).toMatchObject({ status, reason });
  });

  it('names backup, time and objects, and of a failure the cause and what to do', () => {
    expect(provenAt({ drill: { last: REPORT } })?.message).toBe(
      'backup 2026-03-01T11-00-00Z was restored at 2026-03-01 12:04 UTC: its marker and 120 objects are there',
    );
    expect(provenAt({ drill: { last: { ...REPORT, problem: PROBLEM } } })).toMatchObject({
      message: expect.stringContaining('it is cut'),
      hint: 'take another backup',
    });
  });

  it('does not grow stale where no one wants a drill each week', () => {
    expect(provenAt({ backup: {}, drill: { last: REPORT } }, '2027-01-01T00:00:00.000Z')?.status).toBe('True');
  });

  it('is not there for a cluster without backups by schedule that was never drilled', () => {
    const state = stateWith();
    const { document } = blankState(valid({}));
    const types = conditionsOf({ ...state, document }, state.createdAt).map(({ type }) => type);
    expect(types).not.toContain('BackupProven');
  });

  it('changes no health', () => {
    const healthOf = (drill: Partial<DrillState>) => {
      const state = stateWith({ drill });
      return statusOf({
        ...state,
        conditions: conditionsOf(state).map((one) => ({ ...one, since: '', lastProbeTime: '' })),
      }).health;
    };
    expect(healthOf({ last: { ...REPORT, problem: PROBLEM } })).toBe(healthOf({ last: REPORT }));
  });
});

describe('the request drill', () => {
  const answered = (given: Given = {}) => decide(stateWith({ backup: {}, ...given }), 'drill', {});

  it('is accepted while the cluster runs, and asks for nothing but the drill', () => {
    expect(answered()).toMatchObject({ outcome: 'accepted', change: { drill: { asked: true } } });
    expect(Object.keys((answered() as { change: object }).change)).toEqual(['drill']);
  });

  it('is nothing new while one is asked for or runs', () => {
    const running = { ref: 'op-1', generation: 1, since: REPORT.startedAt };
    expect(answered({ drill: { asked: true } }).outcome).toBe('unchanged');
    expect(answered({ drill: { running } }).outcome).toBe('unchanged');
  });

  it.each([
    ['stopped', { desiredState: 'stopped' }],
    ['paused', { paused: true }],
    ['never up', { initializedAt: null }],
    ['being restored', { restore: restoreOf({ ref: 'r1', from: null }) }],
    ['being deleted', { desiredState: 'deleted' }],
  ] as const)('is refused by a cluster that is %s', (_, change) => {
    expect(answered({ change }).outcome).toBe('refused');
  });
});

describe('the time of a drill', () => {
  it('is at once for a request, whatever the schedule says', () => {
    const due = drillDue(stateWith({ backup: {}, drill: { asked: true, last: REPORT } }));
    expect(due !== null && due <= REPORT.endedAt).toBe(true);
  });

  it.each([
    ['after the first backup', {}, '2026-03-01T11:00:00.000Z'],
    ['a week after the last one', { last: REPORT }, '2026-03-08T12:00:00.000Z'],
    ['a day after one that has failed', { last: { ...REPORT, problem: PROBLEM } }, '2026-03-02T12:00:00.000Z'],
    ['not while one runs', { running: { ref: 'op-1', generation: 1, since: REPORT.startedAt } }, null],
  ] as const)('is %s by schedule', (_, drill, due) => {
    expect(drillDue(stateWith({ drill }))).toBe(due);
  });

  it('never comes without a schedule, without a backup, or for a cluster that is stopped or being restored', () => {
    const restore = restoreOf({ ref: 'r1', from: null });
    const { backup } = blankState(valid({}));
    for (const given of [
      { backup: {} },
      { change: { backup } },
      { change: { desiredState: 'stopped' } },
      { change: { restore } },
    ])
      expect(drillDue(stateWith(given as Given))).toBeNull();
  });

  it('is over for one that has told nothing for an hour', () => {
    const running = { ref: 'op-1', generation: 1, since: '2026-03-01T12:00:00.000Z' };
    expect(drillLostAt(stateWith({ drill: { running } }))).toBe('2026-03-01T13:00:00.000Z');
    expect(drillLostAt(stateWith())).toBeNull();
  });
});

describe('what a restored cluster lacks', () => {
  it.each([
    [{ pods: 40 }, { pods: 40 }, []],
    [{ pods: 40 }, { pods: 60 }, []],
    [{ pods: 40 }, { pods: 30 }, []],
    [{ pods: 40 }, { pods: 29 }, ['29 of 40 pods']],
    [{ pods: 1_000 }, { pods: 900 }, []],
    [{ pods: 1_000 }, { pods: 899 }, ['899 of 1000 pods']],
    [{ secrets: 3 }, { secrets: 0 }, ['0 of 3 secrets']],
    [{ secrets: 0 }, { secrets: 0 }, []],
    [{ secrets: 3 }, {}, ['secrets were not counted']],
  ])('of %j with %j is %j', (expected, found, words) => {
    expect(lacking(expected, found)).toEqual(words);
  });
});

describe('the machine of a drill', () => {
  it('is as a server of the document, once for each subnet that offers the type, without groups or data volumes', () => {
    const volumes = [{ name: 'data', sizeGiB: 10, mountPath: '/data', keep: true }];
    const document = valid({ servers: { instanceType: 't3.medium', volumes } });
    const subnets = ['a', 'b'].map((zone) => ({ id: `subnet-${zone}`, zone, cidr: '10.0.0.0/24' }));
    const machine = drillMachine({
      ...blankState(document),
      userDataIds: { amd64: 'ud' },
      userData: { ud: '#!/bin/bash' },
      launchConfig: {
        vpcId: 'vpc-1',
        vpcCidr: '10.0.0.0/16',
        subnets,
        images: { amd64: { id: 'ami-1', rootDeviceName: '/dev/xvda' } },
        instanceTypes: { 't3.medium': { architecture: 'amd64', zones: ['b'] } },
        securityGroupIds: ['sg-1'],
      },
    });
    expect(machine).toMatchObject({ vpcId: 'vpc-1', userData: '#!/bin/bash' });
    expect(machine?.launches).toMatchObject([{ subnetId: 'subnet-b', imageId: 'ami-1', securityGroupIds: [] }]);
    expect(machine?.launches[0]?.volumes).toBeUndefined();
    expect(drillMachine(blankState(document))).toBeNull();
  });

  it('runs K3s without an agent, and without what would reach a bucket of the cluster', () => {
    const config = { 'etcd-s3': true, 'etcd-s3-bucket': 'theirs', 'cluster-domain': 'shop.local' };
    const instance = { id: 'i-1', zone: 'a', privateIp: '10.0.0.9', publicIp: null } as InstanceObservation;
    const text = drillConfig(valid({ k3s: { version: 'v1.34.2+k3s1', config } }), 'shop-drill-g1', instance);
    expect(text).toContain('disable-agent: true');
    expect(text).toContain('etcd-disable-snapshots: true');
    expect(text).toContain('cluster-domain: "shop.local"');
    expect(text).not.toContain('etcd-s3');
    expect(text).not.toContain('server:');
  });

  it.each([
    [{}, [443]],
    [{ mirror: 'http://mirror.example/k3s' }, [80, 443]],
    [{ environment: { HTTPS_PROXY: 'http://me:word@proxy.example:3128', NO_PROXY: '10.0.0.0/8' } }, [443, 3128]],
    [{ environment: { https_proxy: 'http://[2001:db8::1]:8080/' } }, [443, 8080]],
  ])('with %j may reach %j', (k3s, ports) => {
    expect(portsOut(valid({ k3s: { version: 'v1.34.2+k3s1', ...k3s } }))).toEqual(ports);
  });
});

describe('a report that comes by signal', () => {
  it('is read as it was sent', () => {
    expect(readDrillReport(JSON.parse(JSON.stringify(REPORT)))).toEqual(REPORT);
    expect(readDrillReport({ ...REPORT, problem: PROBLEM })).toEqual({ ...REPORT, problem: PROBLEM });
  });

  it('is cut where someone has written a book, for it is carried', () => {
    const long = 'x'.repeat(10_000);
    const read = readDrillReport({ ...REPORT, problem: { code: 'A', message: long, hint: long } });
    expect(JSON.stringify(read).length).toBeLessThan(2_000);
  });

  it.each([
    null,
    'x',
    {},
    { ...REPORT, startedAt: 'soon' },
    { ...REPORT, machineSeconds: '1' },
    { ...REPORT, problem: {} },
  ])('is none: %j', (value) => {
    expect(readDrillReport(value)).toBeNull();
  });
});
