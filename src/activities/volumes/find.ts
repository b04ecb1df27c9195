import { type EC2Client, type Filter, paginateDescribeVolumes, type Volume } from '@aws-sdk/client-ec2';
import { provesVolume } from '../../aws/client-token.js';
import { toFailure } from '../../aws/failure.js';
import { allPages } from '../../aws/pages.js';
import { ownedBy, tagValue } from '../../aws/tags.js';
import { type Owner, SEAL_TAG, TAG, VOLUME_TAG } from '../../model/tags.js';
import type { Installation } from '../../model/trust/installation.js';
import type { CallContext, FoundDataVolume } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { ownerOf } from '../ec2/proof.js';

/** Lists the data volumes with `keep` that carry the cluster's tags and its seal; others are logged and left alone. */
export async function findDataVolumes(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: CallContext,
): Promise<FoundDataVolume[]> {
  const [owner, installation] = await Promise.all([ownerOf(deps, input), deps.installation()]);
  const volumes = await listVolumes(deps.clients.ec2(input.region), [
    ...ownedBy(owner),
    { Name: 'tag-key', Values: [VOLUME_TAG] },
  ]);
  const found = sealed(volumes, installation, owner);
  const foreign = volumes.filter(({ VolumeId: id }) => !found.some((one) => one.id === id));
  if (foreign.length > 0)
    attempt.log.warn('volumes carry the tags of kept ones without their seal and are left alone', {
      foreign: foreign.map(({ VolumeId: id }) => id),
    });
  return found;
}

/** Returns the volumes whose seal proves that Keelson has made them, oldest first: the first of one name counts. */
export function sealed(volumes: readonly Volume[], installation: Installation, owner: Owner): FoundDataVolume[] {
  return [...volumes]
    .sort((a, b) => (a.CreateTime?.getTime() ?? 0) - (b.CreateTime?.getTime() ?? 0))
    .flatMap(({ VolumeId: id = '', AvailabilityZone: zone = '', Tags: tags, State: state }) => {
      const slot = tagValue(tags, TAG.slot) ?? '';
      const name = tagValue(tags, VOLUME_TAG) ?? '';
      const isLeaving = state === 'deleting' || state === 'deleted';
      const proven = provesVolume(tagValue(tags, SEAL_TAG), installation, { ...owner, slot }, name, id);
      return proven && !isLeaving ? [{ id, zone, slot, name }] : [];
    });
}

/** Volumes that match all filters. */
export async function listVolumes(ec2: EC2Client, Filters: Filter[]): Promise<Volume[]> {
  try {
    return await allPages(paginateDescribeVolumes({ client: ec2 }, { Filters }), (page) => page.Volumes);
  } catch (error) {
    throw toFailure(error, `DescribeVolumes by ${Filters.map(({ Name }) => Name).join(', ')}`);
  }
}
