import type { EC2Client, Instance } from '@aws-sdk/client-ec2';
import { failure } from '../../aws/failure.js';
import { ownedBy } from '../../aws/tags.js';
import { type Owner, TAG, VOLUME_TAG } from '../../model/tags.js';
import type { DataVolumeRequest } from '../../model/volumes/requests.js';
import type { ProvidedVolume, ProvideVolumesInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import { requireClaim } from '../claim.js';
import type { ActivityDeps } from '../deps.js';
import { ownerOf, requireOwn } from '../ec2/proof.js';
import { attach } from './attach.js';
import { createVolume, sealVolume } from './create.js';
import { listVolumes, sealed } from './find.js';

/**
 * Attaches the data volumes of a new instance. Volumes without `keep` came with the launch. Keelson looks a volume with `keep` up by its
 * recorded id, then by tags and seal, and makes it only if both fail. Each call can be repeated: EC2 attaches a volume to one instance at
 * most, and CreateVolume has a ClientToken for the slot and generation.
 *
 * @throws a `conflict` failure `VolumeInUse`, `VolumeInOtherZone` or `VolumeMissing` that says what is in the way
 */
export async function provideDataVolumes(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: ProvideVolumesInput,
): Promise<ProvidedVolume[]> {
  const ec2 = deps.clients.ec2(input.region);
  const [[instance], owner] = await Promise.all([
    requireOwn(deps, input, [input.instanceId]),
    ownerOf(deps, input),
    requireClaim(deps, input),
  ]);
  if (instance === undefined)
    throw failure({
      code: 'InstanceLost',
      class: 'conflict',
      message: `attaching volumes: EC2 does not know ${input.instanceId}`,
      hint: 'its slot gets a new instance',
      nonRetryable: true,
    });
  return Promise.all(
    input.volumes.map((volume) =>
      volume.keep
        ? provideKept(deps, ec2, attempt, { ...input, owner, instance, volume })
        : Promise.resolve(launched(instance, volume)),
    ),
  );
}

interface Wanted extends ProvideVolumesInput {
  owner: Owner;
  instance: Instance;
  volume: DataVolumeRequest;
}

async function provideKept(
  deps: ActivityDeps,
  ec2: EC2Client,
  attempt: ActivityContext,
  wanted: Wanted,
): Promise<ProvidedVolume> {
  const { instance, volume, slot, owner, known } = wanted;
  const zone = instance.Placement?.AvailabilityZone ?? '';
  const installation = await deps.installation();
  const recorded = known[volume.name];
  const tagged = sealed(
    await listVolumes(ec2, [
      ...ownedBy(owner),
      { Name: `tag:${TAG.slot}`, Values: [slot] },
      { Name: `tag:${VOLUME_TAG}`, Values: [volume.name] },
    ]),
    installation,
    owner,
  );
  // Someone may have removed the tags: the recorded id still counts.
  const [byId] =
    recorded === undefined || tagged.some(({ id }) => id === recorded.id)
      ? []
      : await listVolumes(ec2, [{ Name: 'volume-id', Values: [recorded.id] }]);
  const isThere = byId !== undefined && byId.State !== 'deleting' && byId.State !== 'deleted';
  const found = tagged.find(({ id }) => id === recorded?.id) ?? (isThere ? recorded : undefined) ?? tagged[0];
  if (found !== undefined && found.zone !== zone) throw otherZone(wanted, found);
  const id = found?.id ?? (await createVolume(ec2, installation, { ...wanted, zone }));
  if (found === undefined || !tagged.includes(found as (typeof tagged)[number]))
    await sealVolume(ec2, installation, wanted, id);
  await attach(ec2, attempt, { id, instanceId: wanted.instanceId, device: volume.device, slot });
  const origin = found !== undefined ? 'kept' : recorded === undefined ? 'made' : 'lost';
  return { name: volume.name, id, zone, origin };
}

/** EC2 has made it together with the instance, under its device name. */
function launched(instance: Instance, { name, device }: DataVolumeRequest): ProvidedVolume {
  const id = instance.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === device)?.Ebs?.VolumeId;
  if (id !== undefined) return { name, id, zone: instance.Placement?.AvailabilityZone ?? '', origin: 'launch' };
  throw failure({
    code: 'VolumeMissing',
    class: 'conflict',
    message: `${instance.InstanceId} has no volume at ${device} for ${name}`,
    hint: 'it is looked for again; if someone has detached it, terminate the instance: its slot gets a new one',
  });
}

function otherZone({ volume, slot, instanceId }: Wanted, { id, zone }: { id: string; zone: string }) {
  return failure({
    code: 'VolumeInOtherZone',
    class: 'conflict',
    message: `${slot}: ${instanceId} is not in ${zone}, where the kept volume ${id} (${volume.name}) is`,
    hint: `keep a subnet in ${zone}; to give the data up, delete the volume: the slot gets an empty one`,
    nonRetryable: true,
  });
}
