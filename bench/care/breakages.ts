import { stringify } from 'yaml';
import { STACK_GUID } from '../../packages/aws-simulator/src/credentials.js';
import type { Lane } from './lane.js';

export interface Breakage {
  /** What breaks. */
  what: string;
  /** How it was broken here. */
  how: string;
  break: (lane: Lane) => Promise<void>;
  /** Undoes what no one repairs; from then on the time until it is healthy counts. Done when it was noticed. */
  mend?: (lane: Lane) => Promise<void>;
  /** Event that says that it was noticed. */
  noticed: RegExp;
  /** Condition or error code that has to be said; then it counts as told. */
  tells?: string;
  /** Nothing may have been done about it. */
  idle?: boolean;
  /** Time counts from the end of `break`, which takes its time itself. */
  slow?: boolean;
  /** No one repairs it: the cluster is given up with it. */
  last?: boolean;
}

export interface LanePlan {
  name: string;
  spec: Record<string, unknown>;
  breakages: Breakage[];
}

const AGENTS = (count: number) => [{ name: 'workers', count, instanceType: 't3.large' }];

/** Takes away the fault plan that broke it. */
const undo = (lane: Lane): Promise<void> => lane.undo();

const gone = (slot: string): Breakage => ({
  what: slot.startsWith('server') ? 'server terminated' : 'agent node terminated',
  how: 'TerminateInstances by someone',
  break: (lane) => lane.act(slot, 'terminate?hard'),
  noticed: /^InstanceLost/,
});

const onMachine = (
  what: string,
  slot: string,
  how: Record<string, unknown>,
  noticed: RegExp,
  more: Partial<Breakage> = {},
): Breakage => ({ what, how: JSON.stringify(how), break: (lane) => lane.machine(slot, how), noticed, ...more });

/** What is only reported: someone else undoes it. */
const told = (
  what: string,
  slot: string,
  how: Record<string, unknown>,
  back: Record<string, unknown>,
  tells: string,
): Breakage => ({
  ...onMachine(what, slot, how, /^Unhealthy/),
  // No event tells of these, and the pulse asks for more urgent things: the next observation finds them, here asked for by `reconcile`.
  how: `${JSON.stringify(how)}, then signal reconcile`,
  break: async (lane) => {
    await lane.machine(slot, how);
    await lane.handle.signal('reconcile', { reason: 'benchmark' });
  },
  mend: (lane) => lane.machine(slot, back),
  tells,
  idle: true,
});

/** Of the filters by which an observation asks for a cluster's instances the second is its name. [src/activities/ec2/observe-instances.ts] */
export const lookFor = (cluster: string) => ({ 'Filter.2.Value.1': cluster });

const looked = (one: Breakage): Breakage => ({
  ...one,
  how: `${one.how}, then signal reconcile`,
  break: async (lane) => {
    await one.break(lane);
    await lane.handle.signal('reconcile', { reason: 'benchmark' });
  },
});

/** All that can break, by the cluster that it is broken on. Clusters go side by side, what is broken on one goes one after the other. */
export const LANES: LanePlan[] = [
  {
    name: 'care-gone',
    spec: { pools: AGENTS(1) },
    breakages: [
      gone('server-1'),
      gone('workers-0'),
      {
        what: 'server stopped by someone',
        how: 'StopInstances',
        break: (lane) => lane.act('server-2', 'stop'),
        noticed: /^InstanceStopped/,
      },
      {
        what: 'agent node stopped by someone',
        how: 'StopInstances',
        break: (lane) => lane.act('workers-0', 'stop'),
        noticed: /^InstanceStopped/,
      },
      {
        what: 'server taken out of its security group',
        how: 'ModifyInstanceAttribute by someone, into the default group',
        break: (lane) => lane.regroup('server-1'),
        noticed: /^InstanceGroupsChanged/,
      },
      {
        what: 'machine of a server hangs (status checks fail)',
        how: 'kernel panic: machine dead, EC2 says running',
        break: (lane) => lane.act('server-0', 'crash'),
        noticed: /^Unhealthy/,
      },
    ],
  },
  {
    name: 'care-checks',
    spec: { pools: AGENTS(1) },
    breakages: [
      {
        what: 'status checks of an agent node fail that Kubernetes calls Ready',
        how: 'fault plan status-check impaired',
        break: async (lane) =>
          lane.fault({
            point: 'status-check',
            effect: 'impaired',
            instance: await lane.instance('workers-0'),
          }),
        noticed: /^Unhealthy/,
        tells: 'InstancesHealthy',
        idle: true,
        mend: undo,
      },
      onMachine('SSM agent of a server dead', 'server-1', { agent: 'dead' }, /^Unhealthy/),
      onMachine(
        'SSM agent of an agent node dead for good',
        'workers-0',
        { agent: 'dead', agentStays: true },
        /^Unhealthy/,
        { tells: 'AgentsOnline', mend: (lane) => lane.machine('workers-0', { agent: 'alive' }) },
      ),
    ],
  },
  {
    name: 'care-service',
    spec: { pools: AGENTS(1) },
    breakages: [
      onMachine('K3s stopped on a server', 'server-1', { service: 'stop' }, /^Unhealthy.*K3s service/),
      onMachine('K3s has failed on a server for good', 'server-2', { service: 'kill' }, /^Unhealthy.*K3s service/),
      onMachine('K3s stopped on an agent node', 'workers-0', { service: 'stop' }, /^Unhealthy.*K3s service/),
      onMachine('node not Ready although K3s runs', 'workers-0', { notReady: true }, /^Unhealthy.*not Ready/),
      onMachine('API server of a server not ready', 'server-0', { readyz: ['etcd'] }, /^Unhealthy.*API server/),
    ],
  },
  {
    name: 'care-told',
    spec: { pools: AGENTS(1) },
    breakages: [
      told('disk nearly full', 'workers-0', { diskUsedPercent: 93 }, { diskUsedPercent: null }, 'DisksFree'),
      told('clock wrong', 'server-1', { clockOffsetSeconds: 120 }, { clockOffsetSeconds: null }, 'ClocksSynchronized'),
      told('memory short', 'workers-0', { pressure: ['MemoryPressure'] }, { pressure: [] }, 'NodesWithoutPressure'),
      told(
        'etcd database full of what is in use',
        'server-0',
        { databaseMiB: 1_800, databaseUsedMiB: 1_700 },
        { databaseMiB: null, databaseUsedMiB: null },
        'EtcdSpace',
      ),
      told('members of etcd differ (alarm CORRUPT)', 'server-1', { alarm: 'CORRUPT' }, { alarm: null }, 'EtcdHealthy'),
      looked({
        what: 'tags taken away (drift: report)',
        how: '{"tags":null}',
        break: (lane) => lane.machine('server-2', { tags: null }),
        noticed: /^TagsMissing/,
        mend: async (lane) => {
          const { generation } = await lane.node('server-2');
          const { uid } = await lane.status();
          const tags = {
            'keelson:installation': STACK_GUID,
            'keelson:cluster': lane.name,
            'keelson:uid': uid,
            'keelson:slot': 'server-2',
            'keelson:generation': String(generation),
          };
          await lane.machine('server-2', { tags });
          await lane.handle.signal('reconcile', { reason: 'benchmark' });
        },
        tells: 'InstancesTagged',
        idle: true,
      }),
      {
        what: 'config.yaml in the bucket is wrong',
        how: 'PutObject of a document with an unknown key',
        break: (lane) => lane.put('colour: red'),
        noticed: /^ConfigInvalid/,
        tells: 'ConfigValid',
        idle: true,
        mend: (lane) => lane.put(stringify(lane.document())),
      },
      {
        what: 'AWS does not answer looks',
        how: 'every DescribeInstances for its name answers 500',
        break: async (lane) => {
          await lane.fault({
            service: 'ec2',
            action: 'DescribeInstances',
            match: lookFor(lane.name),
            error: { code: 'InternalError', status: 500 },
          });
          await lane.handle.signal('reconcile', { reason: 'benchmark' });
        },
        noticed: /^ObservationFailed: the cluster: DescribeInstances/,
        tells: 'Observed',
        idle: true,
        mend: undo,
      },
    ],
  },
  {
    name: 'care-upkeep',
    spec: { drift: 'repair' },
    breakages: [
      looked(
        onMachine(
          'certificates of a server end in 20 days',
          'server-1',
          { certificateDays: 20 },
          /^Unhealthy.*certificates/,
        ),
      ),
      looked(
        onMachine('etcd database near its limit', 'server-2', { databaseMiB: 1_800 }, /^Unhealthy.*etcd database/),
      ),
      onMachine('etcd takes no more writes (alarm NOSPACE)', 'server-1', { alarm: 'NOSPACE' }, /^Unhealthy.*NOSPACE/),
      // Without the tag of the installation the policy lets no one set the others again: a person does. [deploy/aws/keelson.yaml]
      looked({
        what: 'tags taken away but one (drift: repair)',
        how: 'tags null, then that of the installation',
        break: async (lane) => {
          await lane.machine('server-0', { tags: null });
          await lane.machine('server-0', { tags: { 'keelson:installation': STACK_GUID } });
        },
        noticed: /^TagsMissing/,
      }),
      {
        what: 'instance type changed by someone (drift: repair)',
        how: 'stopped, ModifyInstanceAttribute, started',
        break: (lane) => lane.retype('server-2', 't3.large'),
        slow: true,
        noticed: /^TypeChanged/,
      },
      looked({
        what: 'node left over in Kubernetes',
        how: 'a Node without a machine',
        break: (lane) => staleNode(lane, false),
        noticed: /^Unhealthy.*without an instance/,
      }),
      looked({
        what: 'etcd member left over',
        how: 'a member without a machine',
        break: (lane) => staleNode(lane, true),
        noticed: /^Unhealthy.*without an instance/,
      }),
    ],
  },
  {
    name: 'care-asks',
    spec: { health: { autoRepair: false, gracePeriod: '10s' } },
    breakages: [
      {
        what: 'server terminated (autoRepair: false)',
        how: 'TerminateInstances by someone; `keelson repair` once it was told',
        break: (lane) => lane.act('server-1', 'terminate?hard'),
        noticed: /^InstanceLost/,
        tells: 'RepairApprovalRequired',
        mend: async (lane) => void (await lane.handle.executeUpdate('repair', { args: [{}] })),
      },
      {
        what: 'instance type changed by someone (drift: report)',
        how: 'stopped, ModifyInstanceAttribute, started',
        break: (lane) => lane.retype('server-2', 't3.large'),
        slow: true,
        noticed: /^TypeChanged/,
        tells: 'InstanceTypesInSync',
        last: true,
      },
    ],
  },
  {
    name: 'care-storm',
    spec: { mode: 'dev', pools: AGENTS(4) },
    breakages: [
      {
        what: 'four nodes terminated within a minute',
        how: 'TerminateInstances of four agents; the fourth waits for `keelson repair`',
        break: async (lane) => {
          for (const slot of ['workers-0', 'workers-1', 'workers-2', 'workers-3'])
            await lane.act(slot, 'terminate?hard');
        },
        noticed: /^InstanceLost/,
        tells: 'RepairRateLimited',
        mend: async (lane) => void (await lane.handle.executeUpdate('repair', { args: [{}] })),
      },
      {
        what: 'agents of most nodes lost at once',
        how: '{"agent":"dead"} on four of five nodes',
        break: async (lane) => {
          for (const slot of ['server-0', 'workers-0', 'workers-1', 'workers-2'])
            await lane.machine(slot, { agent: 'dead' });
        },
        mend: async (lane) => {
          for (const slot of ['server-0', 'workers-0', 'workers-1', 'workers-2'])
            await lane.machine(slot, { agent: 'alive' });
        },
        noticed: /^Unhealthy.*SSM/,
        tells: 'AgentsUnreachable',
        idle: true,
      },
      {
        what: 'the only server fails its status checks',
        how: 'fault plan status-check impaired',
        break: async (lane) => {
          await lane.fault({ point: 'status-check', effect: 'impaired', instance: await lane.instance('server-0') });
        },
        noticed: /^Unhealthy/,
        tells: 'InstancesHealthy',
        idle: true,
        mend: undo,
      },
    ],
  },
  {
    name: 'care-quorum',
    spec: {},
    breakages: [
      {
        what: 'two of three servers terminated',
        how: 'TerminateInstances of two',
        break: async (lane) => {
          await Promise.all(['server-0', 'server-2'].map((slot) => lane.act(slot, 'terminate?hard')));
        },
        noticed: /^InstanceLost/,
        tells: 'QuorumLost',
        idle: true,
        last: true,
      },
    ],
  },
];

async function staleNode(lane: Lane, server: boolean): Promise<void> {
  const slot = server ? 'server-1' : 'server-2';
  // A name that Keelson has given and used up: of a generation before the present one.
  const nodeName = `${lane.name}-${slot}-g0`;
  await lane.bench.region('/_region/stale-nodes', { method: 'POST', body: { cluster: lane.name, nodeName, server } });
}
