import type { Instance, InstanceNetworkInterface } from '@aws-sdk/client-ec2';
import { tagValue } from '../../aws/tags.js';
import { slotInTag } from '../../model/launch-batch.js';
import type { InstanceObservation, InstanceStateName } from '../../model/observation.js';
import { TAG } from '../../model/tags.js';

/** Returns what the workflow keeps of EC2's answer. `generation` is 0 where the tag is missing: no slot has that. */
export function instanceView(instance: Instance): InstanceObservation {
  const groups = groupsOf(instance);
  return {
    id: instance.InstanceId ?? '',
    slot: slotInTag(tagValue(instance.Tags, TAG.slot) ?? '', instance.AmiLaunchIndex ?? 0),
    generation: Number(tagValue(instance.Tags, TAG.generation) ?? 0),
    state: stateOf(instance),
    type: instance.InstanceType ?? '',
    imageId: instance.ImageId ?? '',
    architecture: instance.Architecture?.startsWith('arm64') ? 'arm64' : 'amd64',
    subnetId: instance.SubnetId ?? '',
    zone: instance.Placement?.AvailabilityZone ?? '',
    privateIp: instance.PrivateIpAddress ?? '',
    publicIp: instance.PublicIpAddress || null,
    launchedAt: (instance.LaunchTime ?? new Date(0)).toISOString(),
    ...(groups.length > 0 && { groups }),
    ...(isUnstoppable(instance) && { unstoppable: true as const }),
  };
}

/** One-time spot instances and those whose root device is an instance store refuse StopInstances. [docs: EC2 StopInstances] */
const isUnstoppable = ({ InstanceLifecycle, RootDeviceType }: Instance): boolean =>
  InstanceLifecycle === 'spot' || RootDeviceType === 'instance-store';

/** The interface that an instance has from its launch on, and keeps. Add-ons may attach others, with groups of their own. [docs: EC2, network interfaces] */
export const primaryInterface = ({ NetworkInterfaces = [] }: Instance): InstanceNetworkInterface | undefined =>
  NetworkInterfaces.find(({ Attachment }) => Attachment?.DeviceIndex === 0 && (Attachment.NetworkCardIndex ?? 0) === 0);

/** Returns the security groups of the primary network interface, sorted; none where EC2 shows none. */
export function groupsOf(instance: Instance): string[] {
  const groups = primaryInterface(instance)?.Groups ?? instance.SecurityGroups ?? [];
  return groups.flatMap(({ GroupId }) => GroupId ?? []).sort();
}

export function stateOf(instance: Instance): InstanceStateName {
  return instance.State?.Name ?? 'pending';
}

/** Returns why EC2 put the instance into its state, in its words, e.g. `Client.UserInitiatedShutdown: User initiated shutdown`. */
export function stateReason(instance: Instance): string {
  const { Code: code, Message: message } = instance.StateReason ?? {};
  if (message === undefined || message === '') return code ?? 'EC2 gives no reason';
  return code === undefined || message.startsWith(code) ? message : `${code}: ${message}`;
}
