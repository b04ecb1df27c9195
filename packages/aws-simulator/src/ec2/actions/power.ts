/** StartInstances, StopInstances, RebootInstances, TerminateInstances. All or nothing: one bad id and nothing happens. */
import { AwsError } from '../../aws-error.js';
import type { InstanceState } from '../../contract.js';
import type { Ec2Instance } from '../account.js';
import { checkCapacity } from '../capacity.js';
import type { Action, Ec2Context } from '../context.js';
import { findInstances, requireType } from '../find.js';
import { stateXml } from '../instance-xml.js';
import { missing, type Params } from '../params.js';

/** Already running or pending: no error, nothing happens. */
export const startInstances: Action = (context, params) => {
  const instances = required(context, params);
  refuseStates(instances, ['stopping', 'shutting-down', 'terminated'], 'started');
  const stopped = instances.filter(({ state }) => state === 'stopped');
  for (const { id, type, zone } of stopped)
    checkCapacity(context, requireType(type), zone, 'start', { instanceId: id });
  return changes(instances, (instance) => {
    if (instance.state === 'stopped') context.lifecycle.start(context.account, instance);
  });
};

export const stopInstances: Action = (context, params) => {
  const instances = required(context, params);
  const force = params.flag('Force') ?? false;
  refuseStates(instances, ['pending', 'shutting-down', 'terminated'], 'stopped');
  return changes(instances, (instance) => {
    const { state } = instance;
    if (state === 'running' || (state === 'stopping' && force)) {
      context.lifecycle.stop(context.account, instance, { force, by: 'Client.User' });
    }
  });
};

export const rebootInstances: Action = (context, params) => {
  const instances = required(context, params);
  refuseStates(instances, ['pending', 'stopping', 'stopped', 'shutting-down', 'terminated'], 'rebooted');
  for (const instance of instances) context.lifecycle.reboot(instance);
  return { return: true };
};

export const terminateInstances: Action = (context, params) => {
  const instances = required(context, params);
  const kept = instances.find((instance) => instance.terminationProtected && instance.state !== 'terminated');
  if (kept !== undefined) {
    const message = `The instance '${kept.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`;
    throw new AwsError('OperationNotPermitted', 400, message);
  }
  return changes(instances, (instance) => {
    context.lifecycle.terminate(context.account, instance, { force: false, by: 'Client.User' });
  });
};

function required(context: Ec2Context, params: Params): Ec2Instance[] {
  const ids = params.list('InstanceId');
  if (ids.length === 0) throw missing('InstanceId');
  return findInstances(context, [...new Set(ids)]);
}

function refuseStates(instances: Ec2Instance[], states: InstanceState[], done: string): void {
  const wrong = instances.find(({ state }) => states.includes(state));
  if (wrong === undefined) return;
  const message = `The instance '${wrong.id}' is not in a state from which it can be ${done}.`;
  throw new AwsError('IncorrectInstanceState', 400, message);
}

function changes(instances: Ec2Instance[], change: (instance: Ec2Instance) => void) {
  return {
    instancesSet: instances.map((instance) => {
      const before = stateXml(instance.state);
      change(instance);
      return { instanceId: instance.id, currentState: stateXml(instance.state), previousState: before };
    }),
  };
}
