import { lookFor } from '../care/breakages.js';
import type { Lane } from '../care/lane.js';
import type { FailureCase } from './cases.js';

/** What stands around a cluster and fails: the bucket, credentials, and what Keelson observes by. */

const look = (lane: Lane): Promise<void> => lane.handle.signal('reconcile', { reason: 'benchmark' });

/** A running cluster whose observations are refused. */
const blind = (code: string, status: number): FailureCase => ({
  what: `blindness: DescribeInstances answers ${code}`,
  how: `fault plan: DescribeInstances for its name answers ${code}, then signal reconcile`,
  running: true,
  silent: true,
  break: async (lane) => {
    const error = { code, status, message: `${code} by the benchmark` };
    await lane.fault({ service: 'ec2', action: 'DescribeInstances', match: lookFor(lane.name), error });
    await look(lane);
  },
  names: new RegExp(code),
});

/** A running cluster whose status cannot be written. */
const bucket = (code: string, status: number): FailureCase => ({
  what: `bucket: PutObject answers ${code}`,
  how: `fault plan: PutObject of its status.yaml answers ${code}; then pause`,
  running: true,
  break: async (lane) => {
    const error = { code, status, message: `${code} by the benchmark` };
    const match = { key: `clusters/${lane.name}/status.yaml` };
    await lane.fault({ service: 's3', action: 'PutObject', match, error });
    await lane.handle.executeUpdate('pause', { args: [{}] });
  },
  names: new RegExp(`${code}|BucketMissing`),
});

const onServer = (what: string, how: Record<string, unknown>, names: RegExp): FailureCase => ({
  what,
  how: `${JSON.stringify(how)}, then signal reconcile`,
  running: true,
  silent: true,
  break: async (lane) => {
    await lane.machine('server-0', how);
    await look(lane);
  },
  names,
});

export const AROUND: readonly FailureCase[] = [
  blind('RequestLimitExceeded', 503),
  blind('InternalError', 500),
  blind('AuthFailure', 401),
  bucket('NoSuchBucket', 404),
  bucket('KMS.DisabledException', 400),
  bucket('SlowDown', 503),
  onServer('certificates of a server end in 20 days', { certificateDays: 20 }, /certificate/),
  onServer('etcd takes no more writes (alarm NOSPACE)', { alarm: 'NOSPACE' }, /NOSPACE/),
  onServer('API server of a server not ready', { readyz: ['etcd'] }, /API server/),
  {
    what: 'command refused on a running cluster: AccessDeniedException',
    how: 'fault plan: SendCommand to its server answers AccessDeniedException, then signal reconcile',
    running: true,
    silent: true,
    break: async (lane) => {
      const error = { code: 'AccessDeniedException', status: 400, message: 'denied by the benchmark' };
      await lane.fault({ service: 'ssm', action: 'SendCommand', instance: await lane.instance('server-0'), error });
      await look(lane);
    },
    names: /AccessDenied/,
  },
  {
    what: 'node left over in Kubernetes',
    how: 'a Node without a machine, then signal reconcile',
    running: true,
    silent: true,
    break: async (lane) => {
      const body = { cluster: lane.name, nodeName: `${lane.name}-workers-0-g0`, server: false };
      await lane.bench.region('/_region/stale-nodes', { method: 'POST', body });
      await look(lane);
    },
    names: /without an instance/,
  },
];
