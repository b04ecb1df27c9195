import { CreateTagsCommand, CreateVolumeCommand, type EC2Client, type VolumeType } from '@aws-sdk/client-ec2';
import { clientTokenOf, volumeSealOf } from '../../aws/client-token.js';
import { toFailure } from '../../aws/failure.js';
import { tagSpecifications } from '../../aws/tags.js';
import { dataVolumeTags, type Owner, SEAL_TAG } from '../../model/tags.js';
import type { Installation } from '../../model/trust/installation.js';
import type { DataVolumeRequest } from '../../model/volumes/requests.js';

interface Place {
  owner: Owner;
  slot: string;
  generation: number;
  volume: DataVolumeRequest;
}

/**
 * Makes the volume, at most once for a slot, generation and name: the ClientToken covers the whole request. Without it a lost answer would
 * leave a second volume. [docs: EC2 CreateVolume]
 *
 * @returns its id
 */
export async function createVolume(
  ec2: EC2Client,
  installation: Installation,
  { owner, slot, generation, volume, zone, tags }: Place & { zone: string; tags: Record<string, string> },
): Promise<string> {
  const { name, sizeGiB, type, encrypted, kmsKeyId, iops, throughput } = volume;
  const request = {
    AvailabilityZone: zone,
    Size: sizeGiB,
    VolumeType: type as VolumeType,
    Encrypted: encrypted,
    ...(kmsKeyId !== undefined && { KmsKeyId: kmsKeyId }),
    ...(iops !== undefined && { Iops: iops }),
    ...(throughput !== undefined && { Throughput: throughput }),
    TagSpecifications: tagSpecifications(dataVolumeTags({ ...owner, slot, volume: name }, tags), 'volume'),
  };
  const ClientToken = clientTokenOf(installation, { ...owner, slot, generation }, ['volume', name, request]);
  const attempted = `CreateVolume ${name} of ${sizeGiB} GiB in ${zone} for ${slot}`;
  try {
    const { VolumeId: id } = await ec2.send(new CreateVolumeCommand({ ...request, ClientToken }));
    if (id === undefined) throw new Error('the answer holds no volume');
    return id;
  } catch (error) {
    throw toFailure(error, attempted);
  }
}

/** Writes the seal that proves the volume's owner, before anything is written to the volume. */
export async function sealVolume(ec2: EC2Client, installation: Installation, place: Place, id: string): Promise<void> {
  const { owner, slot, volume } = place;
  const Value = volumeSealOf(installation, { ...owner, slot }, volume.name, id);
  try {
    await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: SEAL_TAG, Value }] }));
  } catch (error) {
    throw toFailure(error, `CreateTags ${id}`);
  }
}
