import type { Lane } from '../care/lane.js';
import { AGENT, type FailureCase } from './cases.js';

/** What refuses a change that a person has asked for: start, resize, drain, backup, delete. */

const error = (code: string, status = 400) => ({ code, status, message: `${code} by the benchmark` });

const ask = async (lane: Lane, name: string, payload: Record<string, unknown> = {}): Promise<void> => {
  await lane.handle.executeUpdate(name, { args: [payload] });
};

const stopped = async (lane: Lane): Promise<void> => {
  await ask(lane, 'stop');
  await lane.until((status) => status.phase === 'Stopped' && status.operation === null);
};

/** A fault plan of drains names the node that is drained, not the server that does it. */
const drainOf = async (lane: Lane, effect: string): Promise<void> =>
  lane.fault({ point: 'k3s.drain', instance: await lane.instance('workers-0'), effect });

const confirmed = (lane: Lane): Promise<void> => ask(lane, 'delete', { confirm: lane.name });

export const CHANGING: readonly FailureCase[] = [
  {
    what: 'start: no capacity for a stopped instance',
    how: 'stopped; fault plan: StartInstances answers InsufficientInstanceCapacity; then start',
    running: true,
    prepare: stopped,
    break: async (lane) => {
      const instance = await lane.instance('server-0');
      await lane.fault({
        service: 'ec2',
        action: 'StartInstances',
        instance,
        error: error('InsufficientInstanceCapacity', 500),
      });
      await ask(lane, 'start');
    },
    names: /InsufficientInstanceCapacity/,
  },
  {
    what: 'resize: ModifyInstanceAttribute refused: UnauthorizedOperation',
    how: 'fault plan: ModifyInstanceAttribute answers UnauthorizedOperation; then resize of the pool',
    running: true,
    spec: AGENT,
    break: async (lane) => {
      const instance = await lane.instance('workers-0');
      await lane.fault({
        service: 'ec2',
        action: 'ModifyInstanceAttribute',
        instance,
        error: error('UnauthorizedOperation', 403),
      });
      await ask(lane, 'resize', { instanceType: 't3.xlarge', pool: 'workers' });
    },
    names: /UnauthorizedOperation/,
  },
  {
    what: 'drain: a PodDisruptionBudget holds a pod',
    how: 'fault plan k3s.drain pdb-blocks; then resize of the pool',
    running: true,
    spec: AGENT,
    break: async (lane) => {
      await drainOf(lane, 'pdb-blocks');
      await ask(lane, 'resize', { instanceType: 't3.xlarge', pool: 'workers' });
    },
    names: /PodDisruptionBudget holds default\/web-0/,
  },
  {
    what: 'drain: a pod without a controller',
    how: 'fault plan k3s.drain bare-pod; then resize of the pool',
    running: true,
    spec: AGENT,
    break: async (lane) => {
      await drainOf(lane, 'bare-pod');
      await ask(lane, 'resize', { instanceType: 't3.xlarge', pool: 'workers' });
    },
    names: /DrainNeedsForce/,
  },
  {
    what: 'delete: TerminateInstances refused: OperationNotPermitted',
    how: 'fault plan: TerminateInstances answers OperationNotPermitted (termination protection); then delete',
    running: true,
    break: async (lane) => {
      const instance = await lane.instance('server-0');
      await lane.fault({
        service: 'ec2',
        action: 'TerminateInstances',
        instance,
        error: error('OperationNotPermitted'),
      });
      await confirmed(lane);
    },
    names: /OperationNotPermitted/,
  },
  {
    what: 'delete: someone else uses the security group',
    how: 'fault plan: DeleteSecurityGroup answers DependencyViolation; then delete',
    running: true,
    break: async (lane) => {
      // No other cluster of the benchmark is deleted.
      await lane.fault({ service: 'ec2', action: 'DeleteSecurityGroup', error: error('DependencyViolation') });
      await confirmed(lane);
    },
    names: /DependencyViolation/,
  },
  {
    what: 'backup: the bucket refuses the snapshot',
    how: 'fault plan: PutObject below backups/ answers AccessDenied; then backup',
    running: true,
    break: async (lane) => {
      const match = { key: `backups/${lane.name}/*` };
      await lane.fault({ service: 's3', action: 'PutObject', match, error: error('AccessDenied', 403) });
      await ask(lane, 'backup');
    },
    names: /AccessDenied|403/,
  },
];
