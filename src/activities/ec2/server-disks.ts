import type { Instance, Volume } from '@aws-sdk/client-ec2';
import { ownedBy, tagValue } from '../../aws/tags.js';
import { isServerSlot } from '../../model/ids.js';
import { TAG } from '../../model/tags.js';
import type { InstancesInput, ServerDisk } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { listVolumes } from '../volumes/find.js';
import { findInstances } from './find-instances.js';
import { ownerOf } from './proof.js';

const LEAVING: ReadonlySet<string | undefined> = new Set(['deleting', 'deleted']);

/**
 * Asks EC2 what is left of the cluster's servers. An instance that shuts down still has its disk. What carries the cluster's tags without the tag of
 * a slot counts as a server's: someone may have taken that tag away.
 *
 * @param input with the ids of instances that the servers had last
 * @returns each once, by id
 */
export async function findServerDisks(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: InstancesInput,
): Promise<ServerDisk[]> {
  const ec2 = deps.clients.ec2(input.region);
  const filters = ownedBy(await ownerOf(deps, input));
  const byId = [{ Name: 'instance-id', Values: input.instanceIds }];
  const [tagged, named, volumes] = await Promise.all([
    findInstances(ec2, filters, attempt.signal),
    input.instanceIds.length === 0 ? [] : findInstances(ec2, byId, attempt.signal),
    listVolumes(ec2, filters),
  ]);
  const byTag = [...tagged, ...volumes.filter(({ State: state }) => !LEAVING.has(state))]
    .map(diskOf)
    .filter(({ slot }) => slot === '' || isServerSlot(slot));
  const disks = new Map([...named.map(diskOf), ...byTag].map((disk) => [disk.id, disk]));
  return [...disks.values()].sort((a, b) => a.id.localeCompare(b.id));
}

const diskOf = (one: Instance | Volume): ServerDisk => ({
  id: ('InstanceId' in one ? one.InstanceId : 'VolumeId' in one ? one.VolumeId : undefined) ?? '',
  slot: tagValue(one.Tags, TAG.slot) ?? '',
});
