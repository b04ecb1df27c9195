import { lookFor } from '../care/breakages.js';
import type { Lane } from '../care/lane.js';

/** One failure: a cluster of its own is broken, and `keelson explain` asked until its first line names the cause. */
export interface FailureCase {
  what: string;
  /** How it was injected here. */
  how: string;
  /** Changes to the document; a function where they depend on something that has to be started before. */
  spec?: Record<string, unknown> | (() => Promise<Record<string, unknown>>);
  /** The cluster is made and Healthy before it is broken; else it is broken while it is made. */
  running?: boolean;
  /** Of a running one: what comes before the time counts. */
  prepare?: (lane: Lane) => Promise<void>;
  break?: (lane: Lane) => Promise<void>;
  /** What the first line has to name. */
  names: RegExp;
  /** No call is refused: what is seen depends on an observation or a wait. */
  silent?: boolean;
}

export const AGENT = { pools: [{ name: 'workers', count: 1, instanceType: 't3.large' }] };

const refused = (action: string, code: string, more: Record<string, unknown> = {}, service = 'ec2'): FailureCase => ({
  what: `${action} refused: ${code}`,
  how: `fault plan: ${action} answers ${code}`,
  break: (lane) =>
    lane.fault({
      service,
      action,
      ...(action === 'RunInstances' ? { tags: { 'keelson:cluster': lane.name } } : { match: textOf(lane, action) }),
      error: { code, status: 400, message: `${code} by the benchmark`, ...more },
    }),
  names: new RegExp(code),
});

/** A parameter of the call that names the cluster. */
const textOf = (lane: Lane, action: string): Record<string, string> =>
  action === 'PutObject'
    ? { key: `clusters/${lane.name}/status.yaml` }
    : action === 'CreateSecurityGroup'
      ? { GroupName: `*${lane.name}*` }
      : { Comment: `*${lane.name}*` };

const dies = (code: string): FailureCase => ({
  what: `launch dies: ${code}`,
  how: 'fault plan launch: pending -> terminated',
  break: (lane) =>
    lane.fault({ point: 'launch', tags: { 'keelson:cluster': lane.name }, effect: 'fail', data: { code } }),
  names: new RegExp(code.replaceAll('.', '\\.')),
});

const document = (what: string, spec: Record<string, unknown>, names: RegExp): FailureCase => ({
  what,
  how: 'workflow started with this document, past the checks of `apply`',
  spec,
  names,
});

const onMachine = (
  what: string,
  slot: string,
  how: Record<string, unknown>,
  names: RegExp,
  look = true,
): FailureCase => ({
  what,
  how: `${JSON.stringify(how)}${look ? ', then signal reconcile' : ''}`,
  running: true,
  silent: true,
  spec: AGENT,
  break: async (lane) => {
    await lane.machine(slot, how);
    if (look) await lane.handle.signal('reconcile', { reason: 'benchmark' });
  },
  names,
});

const gone = (
  what: string,
  slot: string,
  action: string,
  names: RegExp,
  spec: Record<string, unknown> = AGENT,
): FailureCase => ({
  what,
  how: `${action} by someone else`,
  running: true,
  silent: true,
  spec,
  break: (lane) => lane.act(slot, action),
  names,
});

const EC2_CODES = [
  'InsufficientInstanceCapacity',
  'VcpuLimitExceeded',
  'InstanceLimitExceeded',
  'UnauthorizedOperation',
  'InvalidAMIID.NotFound',
  'InvalidSubnetID.NotFound',
  'InsufficientFreeAddressesInSubnet',
  'OptInRequired',
  'PendingVerification',
  'RequestExpired',
  'InvalidParameterCombination',
];

export const CASES: readonly FailureCase[] = [
  ...EC2_CODES.map((code) => refused('RunInstances', code)),
  refused('RunInstances', 'RequestLimitExceeded', { status: 503 }),
  refused('RunInstances', 'InternalError', { status: 500 }),
  refused('RunInstances', 'Unavailable', { status: 503 }),
  refused('CreateSecurityGroup', 'UnauthorizedOperation', { status: 403 }),
  refused('CreateSecurityGroup', 'SecurityGroupLimitExceeded'),
  refused('SendCommand', 'AccessDeniedException', {}, 'ssm'),
  refused('SendCommand', 'ThrottlingException', {}, 'ssm'),
  { ...refused('PutObject', 'AccessDenied', { status: 403 }, 's3'), running: true, break: deniedStatus },
  dies('Client.InvalidKMSKey.InvalidState'),
  dies('Client.InternalError'),
  dies('Server.InsufficientInstanceCapacity'),
  dies('Client.VolumeLimitExceeded'),
  dies('Client.InvalidSnapshot.NotFound'),
  document('version not in the mirror', { k3s: { version: 'v1.34.9+k3s1' } }, /VersionNotFound|404/),
  {
    ...document('checksum of the release wrong', { k3s: { version: 'v1.34.2+k3s99' } }, /ChecksumMismatch/),
    // The node finds it after the download.
    silent: true,
  },
  document('image unknown', { image: { id: 'ami-0123456789abcdef0' } }, /ImageNotFound/),
  document(
    'image parameter unknown',
    { image: { ssmParameter: '/aws/service/no-such-parameter' } },
    /ParameterNotFound/,
  ),
  document('subnet unknown', { network: { subnetIds: ['subnet-0123456789abcdef0'] } }, /SubnetUnknown/),
  document('VPC unknown', { network: { vpcId: 'vpc-0123456789abcdef0' } }, /VpcUnknown/),
  document('security group unknown', { network: { securityGroupIds: ['sg-0123456789abcdef0'] } }, /SecurityGroup/),
  document('instance type unknown', { servers: { instanceType: 'm6i.3xlarge' } }, /TypeUnknown/),
  {
    what: 'instance profile unknown',
    how: 'fault plan instance-profile unknown',
    spec: { access: { instanceProfile: 'keelson-bench-profile' } },
    break: (lane) =>
      lane.fault({ point: 'instance-profile', match: { name: 'keelson-bench-profile' }, effect: 'unknown' }),
    names: /[Pp]rofile/,
  },
  {
    what: 'SSM agent never registers',
    how: 'fault plan machine.agent no-agent',
    silent: true,
    break: (lane) => lane.fault({ point: 'machine.agent', tags: { 'keelson:cluster': lane.name }, effect: 'no-agent' }),
    names: /has not registered/,
  },
  {
    what: 'script is killed (exit 137)',
    how: 'fault plan ssm.run exit 137',
    break: (lane) =>
      lane.fault({ point: 'ssm.run', tags: { 'keelson:cluster': lane.name }, effect: 'exit', data: { code: 137 } }),
    names: /exit 137/,
  },
  {
    what: 'script hangs',
    how: 'fault plan ssm.run hang',
    silent: true,
    break: (lane) => lane.fault({ point: 'ssm.run', tags: { 'keelson:cluster': lane.name }, effect: 'hang' }),
    names: /script \S+ runs on i-/,
  },
  {
    what: 'K3s ends at every start',
    how: 'fault plan k3s.start exit',
    break: (lane) => lane.fault({ point: 'k3s.start', tags: { 'keelson:cluster': lane.name }, effect: 'exit' }),
    names: /ServiceFailed|NodeScriptFailed|service/,
    silent: true,
  },
  gone('agent node terminated', 'workers-0', 'terminate?hard', /was terminated/),
  gone('agent node stopped', 'workers-0', 'stop', /stopped/),
  gone('only server terminated', 'server-0', 'terminate?hard', /QuorumLost/),
  gone('server of three terminated', 'server-1', 'terminate?hard', /was terminated/, { mode: 'ha' }),
  {
    ...gone('two of three servers terminated', 'server-1', 'terminate?hard', /QuorumLost/, { mode: 'ha' }),
    break: async (lane) => {
      await Promise.all(['server-0', 'server-1'].map((slot) => lane.act(slot, 'terminate?hard')));
    },
  },
  gone('agent node terminated, autoRepair: false', 'workers-0', 'terminate?hard', /RepairApprovalRequired/, {
    ...AGENT,
    health: { autoRepair: false, gracePeriod: '10s' },
  }),
  onMachine('K3s stopped', 'workers-0', { service: 'stop' }, /K3sRunning|service/, false),
  onMachine('K3s has failed', 'workers-0', { service: 'kill' }, /K3sRunning|service/, false),
  onMachine('node not Ready although K3s runs', 'workers-0', { notReady: true }, /not Ready/, false),
  onMachine('SSM agent dead', 'workers-0', { agent: 'dead', agentStays: true }, /SSM/, false),
  onMachine('disk nearly full', 'workers-0', { diskUsedPercent: 93 }, /93 % full/),
  onMachine('clock wrong', 'workers-0', { clockOffsetSeconds: 120 }, /clock is 1\d\d s fast/),
  onMachine('memory short', 'workers-0', { pressure: ['MemoryPressure'] }, /MemoryPressure/),
  onMachine(
    'etcd database full of what is in use',
    'server-0',
    { databaseMiB: 1_800, databaseUsedMiB: 1_700 },
    /1800 MiB/,
  ),
  onMachine('etcd alarm CORRUPT', 'server-0', { alarm: 'CORRUPT' }, /CORRUPT/),
  onMachine('tags taken away', 'workers-0', { tags: null }, /tags/),
  {
    what: 'status check of the host fails',
    how: 'fault plan status-check impaired',
    running: true,
    silent: true,
    spec: AGENT,
    break: async (lane) =>
      lane.fault({ point: 'status-check', effect: 'impaired', instance: await lane.instance('workers-0') }),
    names: /status check/,
  },
  {
    what: 'DescribeInstances denied for a running cluster',
    how: 'fault plan: DescribeInstances for its name answers UnauthorizedOperation, then signal reconcile',
    running: true,
    break: async (lane) => {
      const error = {
        code: 'UnauthorizedOperation',
        status: 403,
        message: 'You are not authorized to perform this operation.',
      };
      await lane.fault({
        service: 'ec2',
        action: 'DescribeInstances',
        match: lookFor(lane.name),
        error,
      });
      await lane.handle.signal('reconcile', { reason: 'benchmark' });
    },
    names: /UnauthorizedOperation/,
  },
  {
    what: 'config.yaml in the bucket is wrong',
    how: 'PutObject of a document with an unknown key',
    running: true,
    silent: true,
    break: (lane) => lane.put('colour: red'),
    names: /colour|ConfigValid/,
  },
];

/** A change that makes Keelson write. */
async function deniedStatus(lane: Lane): Promise<void> {
  const error = { code: 'AccessDenied', status: 403, message: 'Access Denied' };
  await lane.fault({ service: 's3', action: 'PutObject', match: { key: `clusters/${lane.name}/status.yaml` }, error });
  await lane.handle.executeUpdate('pause', { args: [{}] });
}
