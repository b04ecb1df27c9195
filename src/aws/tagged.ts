import {
  DescribeRegionsCommand,
  type EC2Client,
  type Filter,
  paginateDescribeInstances,
  paginateDescribeSecurityGroups,
  paginateDescribeSnapshots,
  paginateDescribeVolumes,
  type Tag,
} from '@aws-sdk/client-ec2';
import { DRILL_SLOT } from '../model/drill/state.js';
import { KEPT_TAG, TAG } from '../model/tags.js';
import type { AwsClients } from './clients.js';
import { toFailure } from './failure.js';
import { allPages } from './pages.js';
import { regionProblem } from './region-names.js';
import { tagValue } from './tags.js';

/** A resource in AWS that carries Keelson's tags. */
export interface Tagged {
  kind: 'instance' | 'volume' | 'snapshot' | 'security-group';
  id: string;
  region: string;
  /** 12 digits; null for the caller's own account. */
  account: string | null;
  /** Empty if the tag is missing. */
  installation: string;
  cluster: string;
  uid: string;
  /** The tag Name: for instances and volumes the node's. */
  name: string;
  state: string;
  /** Instance type or volume type; empty for groups. */
  type: string;
  sizeGiB: number | null;
  /** ISO 8601; EC2 has none for groups. */
  createdAt: string | null;
  /** Made by a drill of a backup. */
  ofDrill?: true;
}

/** Returns all regions that the account has enabled. */
export async function enabledRegions(clients: AwsClients): Promise<string[]> {
  try {
    const { Regions: regions = [] } = await clients.ec2(clients.homeRegion).send(new DescribeRegionsCommand({}));
    return regions.flatMap((region) => region.RegionName ?? []).sort();
  } catch (error) {
    throw toFailure(error, 'DescribeRegions');
  }
}

/**
 * Lists everything in a region that carries the installation's tags and exists: four lists in pages, however many clusters there are.
 *
 * @throws a failure `RegionUnknown` or `OptInRequired` if there is no such region
 */
export async function findTagged(
  clients: AwsClients,
  place: Pick<Tagged, 'region' | 'account'>,
  installation: string,
): Promise<Tagged[]> {
  const { region } = place;
  const ec2 = clients.ec2(region);
  const byTag: Filter[] = [{ Name: `tag:${TAG.installation}`, Values: [installation] }];
  try {
    const lists = await Promise.all([
      instances(ec2, place, byTag),
      volumes(ec2, place, byTag),
      snapshots(ec2, place, byTag),
      groups(ec2, place, byTag),
    ]);
    return lists.flat();
  } catch (error) {
    throw (
      (await regionProblem(clients, region, error)) ?? toFailure(error, `list what carries Keelson's tags in ${region}`)
    );
  }
}

async function instances(client: EC2Client, place: Place, Filters: Filter[]): Promise<Tagged[]> {
  const reservations = await allPages(
    paginateDescribeInstances({ client, pageSize: 1_000 }, { Filters }),
    (page) => page.Reservations,
  );
  return reservations
    .flatMap((reservation) => reservation.Instances ?? [])
    .filter((one) => one.State?.Name !== 'terminated')
    .map((one) => ({
      ...common(place, one.Tags),
      kind: 'instance',
      id: one.InstanceId ?? '',
      state: one.State?.Name ?? '',
      type: one.InstanceType ?? '',
      sizeGiB: null,
      createdAt: one.LaunchTime?.toISOString() ?? null,
    }));
}

async function volumes(client: EC2Client, place: Place, Filters: Filter[]): Promise<Tagged[]> {
  const found = await allPages(paginateDescribeVolumes({ client }, { Filters }), (page) => page.Volumes);
  return found
    .filter((one) => one.State !== 'deleting' && one.State !== 'deleted')
    .map((one) => ({
      ...common(place, one.Tags),
      kind: 'volume',
      id: one.VolumeId ?? '',
      state: one.State ?? '',
      type: one.VolumeType ?? '',
      sizeGiB: one.Size ?? null,
      createdAt: one.CreateTime?.toISOString() ?? null,
    }));
}

/** Returns the snapshots that Keelson has made: backup services may copy the tags of its volumes to theirs. */
async function snapshots(client: EC2Client, place: Place, byTag: Filter[]): Promise<Tagged[]> {
  const Filters = [...byTag, { Name: `tag:${KEPT_TAG}`, Values: ['snapshot'] }];
  const found = await allPages(
    paginateDescribeSnapshots({ client }, { OwnerIds: ['self'], Filters }),
    (page) => page.Snapshots,
  );
  return found.map((one) => ({
    ...common(place, one.Tags),
    kind: 'snapshot',
    id: one.SnapshotId ?? '',
    state: one.State ?? '',
    type: one.StorageTier ?? 'standard',
    sizeGiB: one.VolumeSize ?? null,
    createdAt: one.StartTime?.toISOString() ?? null,
  }));
}

async function groups(client: EC2Client, place: Place, Filters: Filter[]): Promise<Tagged[]> {
  const found = await allPages(paginateDescribeSecurityGroups({ client }, { Filters }), (page) => page.SecurityGroups);
  return found.map((one) => ({
    ...common(place, one.Tags),
    kind: 'security-group',
    id: one.GroupId ?? '',
    state: '',
    type: '',
    sizeGiB: null,
    createdAt: null,
  }));
}

/** Account and region of the finding. */
type Place = Pick<Tagged, 'region' | 'account'>;

const common = (place: Place, tags: Tag[] | undefined) => ({
  ...place,
  installation: tagValue(tags, TAG.installation) ?? '',
  cluster: tagValue(tags, TAG.cluster) ?? '',
  uid: tagValue(tags, TAG.uid) ?? '',
  name: tagValue(tags, 'Name') ?? '',
  ...(tagValue(tags, TAG.slot) === DRILL_SLOT && { ofDrill: true as const }),
});
