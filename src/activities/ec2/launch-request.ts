import type { BlockDeviceMapping, RunInstancesCommandInput, VolumeType } from '@aws-sdk/client-ec2';
import { clientTokenOf } from '../../aws/client-token.js';
import { tagSpecifications } from '../../aws/tags.js';
import type { CapacityReservation } from '../../model/spec/schema.js';
import { nodeTags } from '../../model/tags.js';
import type { Installation } from '../../model/trust/installation.js';
import type { DataVolumeRequest } from '../../model/volumes/requests.js';
import type { LaunchInput } from '../api.js';

/**
 * Returns the RunInstances request of a slot and generation.
 *
 * @param profile instance profile in effect; the request's own or the worker's default
 * @param count how many instances; all of them or none
 */
export function runInstancesInput(
  installation: Installation,
  input: LaunchInput,
  profile: string,
  count = 1,
): RunInstancesCommandInput {
  const { launch } = input;
  const place = { ...input, installation: installation.id };
  return {
    MinCount: count,
    MaxCount: count,
    ClientToken: clientToken(installation, input, count),
    InstanceType: launch.instanceType as NonNullable<RunInstancesCommandInput['InstanceType']>,
    ImageId: launch.imageId,
    // A text is a script; what is compressed is in base64 already.
    UserData: input.userData.startsWith('#') ? Buffer.from(input.userData).toString('base64') : input.userData,
    IamInstanceProfile: profile.startsWith('arn:') ? { Arn: profile } : { Name: profile },
    // Tokens only, and by default no further than the instance itself: pods must not get at the node's role.
    MetadataOptions: {
      HttpTokens: 'required',
      HttpEndpoint: 'enabled',
      HttpPutResponseHopLimit: launch.metadataHopLimit,
    },
    // A public address can only be asked for on an interface, and then subnet and groups go there too [docs: RunInstances].
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: launch.subnetId,
        Groups: launch.securityGroupIds,
        AssociatePublicIpAddress: launch.publicIp,
        DeleteOnTermination: true,
      },
    ],
    BlockDeviceMappings: [
      mapping(launch.rootDeviceName, launch.rootVolume),
      // Volumes that outlive a replacement are made and attached on their own: see data-volumes.ts.
      ...(launch.volumes ?? []).filter(({ keep }) => !keep).map((volume) => mapping(volume.device, volume)),
    ],
    ...reservation(launch.capacityReservation ?? null),
    TagSpecifications: tagSpecifications(nodeTags(place, input.tags), 'instance', 'volume'),
  };
}

type Volume = Pick<DataVolumeRequest, 'sizeGiB' | 'type' | 'encrypted' | 'kmsKeyId' | 'iops' | 'throughput'>;

/** Returns a volume that EC2 makes with the instance and deletes with it. */
function mapping(DeviceName: string, volume: Volume): BlockDeviceMapping {
  return {
    DeviceName,
    Ebs: {
      VolumeSize: volume.sizeGiB,
      VolumeType: volume.type as VolumeType,
      Encrypted: volume.encrypted,
      ...(volume.kmsKeyId !== undefined && { KmsKeyId: volume.kmsKeyId }),
      ...(volume.iops !== undefined && { Iops: volume.iops }),
      ...(volume.throughput !== undefined && { Throughput: volume.throughput }),
      DeleteOnTermination: true,
    },
  };
}

/** One of a reservation, a group of them, and a preference: EC2 refuses two. [docs: EC2 CapacityReservationSpecification] */
function reservation(
  wanted: CapacityReservation | null,
): Pick<RunInstancesCommandInput, 'CapacityReservationSpecification'> {
  if (wanted === null) return {};
  const { id, resourceGroupArn, preference } = wanted;
  const CapacityReservationTarget = {
    ...(id !== undefined && { CapacityReservationId: id }),
    ...(resourceGroupArn !== undefined && { CapacityReservationResourceGroupArn: resourceGroupArn }),
  };
  return {
    CapacityReservationSpecification:
      preference === undefined ? { CapacityReservationTarget } : { CapacityReservationPreference: preference },
  };
}

/**
 * Returns the sealed ClientToken, over the whole request: EC2 refuses the same token with other parameters (IdempotentParameterMismatch)
 * [docs: EC2 idempotency]. The worker's default profile stays out: two workers that differ in it must not launch two instances; EC2 refuses
 * the later request, which then finds the instance of the earlier one.
 */
export function clientToken(installation: Installation, input: LaunchInput, count = 1): string {
  const { nodeName, launch, userData } = input;
  const tags = Object.entries(input.tags).sort(([a], [b]) => (a < b ? -1 : 1));
  const request = [
    launch.subnetId,
    launch.instanceType,
    launch.imageId,
    launch.rootDeviceName,
    launch.rootVolume.sizeGiB,
    launch.rootVolume.type,
    launch.rootVolume.encrypted,
    launch.securityGroupIds,
    launch.instanceProfile,
    launch.publicIp,
    launch.metadataHopLimit,
    [launch.rootVolume.kmsKeyId ?? null, launch.rootVolume.iops ?? null, launch.rootVolume.throughput ?? null],
    (launch.volumes ?? []).filter(({ keep }) => !keep),
    launch.capacityReservation ?? null,
  ];
  const place = { ...input, installation: installation.id };
  return clientTokenOf(installation, place, [nodeName, request, userData, tags, ...(count > 1 ? [count] : [])]);
}
