import { AwsError } from '../../aws-error.js';
import type { Ec2Instance, StatusCheck } from '../account.js';
import type { Action, Ec2Context } from '../context.js';
import { type Fields, filtered } from '../filters.js';
import { findInstances, isListed, isVisible } from '../find.js';
import { reservationsXml, stateXml } from '../instance-xml.js';
import { pageOf } from '../pages.js';
import type { Params } from '../params.js';

export const INSTANCE_FIELDS: Fields<Ec2Instance> = {
  'instance-id': ({ id }) => id,
  'instance-state-name': ({ state }) => state,
  'instance-type': ({ type }) => type,
  'image-id': ({ imageId }) => imageId,
  'availability-zone': ({ zone }) => zone,
  architecture: ({ architecture }) => architecture,
  'client-token': ({ clientToken }) => clientToken,
  'subnet-id': ({ subnetId }) => subnetId,
  'vpc-id': ({ vpcId }) => vpcId,
  'private-ip-address': ({ privateIp }) => privateIp,
  'ip-address': ({ publicIp }) => publicIp ?? [],
  'instance.group-id': ({ securityGroupIds }) => securityGroupIds,
  'network-interface.group-id': ({ securityGroupIds }) => securityGroupIds,
  'reservation-id': ({ reservationId }) => reservationId,
};

export const describeInstances: Action = (context, params) => {
  const page = selected(context, params);
  return { reservationSet: reservationsXml(context.account, page.items), nextToken: page.nextToken };
};

/** Instances that are running, or all with IncludeAllInstances; checks pass a while after the boot. */
export const describeInstanceStatus: Action = (context, params) => {
  const all = params.flag('IncludeAllInstances') ?? false;
  const status = (check: StatusCheck) => (instance: Ec2Instance) => statusOf(context, instance, check);
  // A list of its own: DescribeInstanceStatus knows neither tags nor ids as filters. [docs: EC2 DescribeInstanceStatus]
  const fields: Fields<Ec2Instance> = {
    'availability-zone': ({ zone }) => zone,
    'instance-state-name': ({ state }) => state,
    'instance-status.status': status('instance'),
    'system-status.status': status('system'),
    'attached-ebs-status.status': status('volume'),
  };
  const page = selected(context, params, (instance) => all || instance.state === 'running', fields);
  return {
    instanceStatusSet: page.items.map((instance) => ({
      instanceId: instance.id,
      availabilityZone: instance.zone,
      instanceState: stateXml(instance.state),
      systemStatus: checkXml(statusOf(context, instance, 'system')),
      instanceStatus: checkXml(statusOf(context, instance, 'instance')),
      attachedEbsStatus: checkXml(statusOf(context, instance, 'volume')),
    })),
    nextToken: page.nextToken,
  };
};

function selected(
  context: Ec2Context,
  params: Params,
  also: (instance: Ec2Instance) => boolean = () => true,
  fields = INSTANCE_FIELDS,
) {
  const ids = params.list('InstanceId');
  if (ids.length > 0 && (params.has('MaxResults') || params.has('NextToken'))) {
    const message = 'The parameter instancesSet cannot be used with the parameter maxResults';
    throw new AwsError('InvalidParameterCombination', 400, message);
  }
  // An instance that fault plans hide is absent from a list, and NotFound when asked by its id.
  const seen =
    ids.length > 0
      ? findInstances(context, ids)
      : filtered(context.account.instances.values(), params, fields).filter(
          (instance) => isListed(instance) && isVisible(context, instance),
        );
  const wanted = (ids.length > 0 ? filtered(seen, params, fields) : seen).filter(also);
  return pageOf(wanted, params, (instance) => `${instance.launchTime}/${instance.id}`);
}

function statusOf({ world }: Ec2Context, instance: Ec2Instance, check: StatusCheck): string {
  if (instance.state !== 'running') return 'not-applicable';
  const moment = { instanceId: instance.id, region: instance.region, check };
  if (instance.failing.includes(check) || world.fault('status-check', moment)?.effect === 'impaired') return 'impaired';
  return Date.now() - instance.changedAt < world.profile.boot ? 'initializing' : 'ok';
}

function checkXml(status: string) {
  const reachability = { ok: 'passed', impaired: 'failed', initializing: 'initializing' }[status];
  return { status, details: reachability === undefined ? [] : [{ name: 'reachability', status: reachability }] };
}
