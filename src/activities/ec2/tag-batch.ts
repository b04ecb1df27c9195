import { CreateTagsCommand, type Instance } from '@aws-sdk/client-ec2';
import { toFailure } from '../../aws/failure.js';
import { tagValue } from '../../aws/tags.js';
import { nodeTags, TAG } from '../../model/tags.js';
import type { TagBatchInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { changeTurns } from './change-turns.js';
import { lives } from './find-cluster.js';
import { ownerOf, requireOwn } from './proof.js';

/** A volume is shown with its instance when it is attached, moments after the launch. */
const PAUSE_MS = 1_000;
const PATIENCE_MS = 30_000;

/**
 * Gives instances that were launched together, and their volumes, the tags of their slots: the call could give them only the name of the batch. People
 * read them, and nothing else depends on them. What has them is passed over, so that a repetition goes on where it was.
 */
export async function tagInstances(deps: ActivityDeps, attempt: ActivityContext, input: TagBatchInput): Promise<void> {
  const owner = await ownerOf(deps, input);
  const turn = changeTurns(deps, attempt, input);
  const waiting = new Map(input.instances.map((one) => [one.instanceId, one]));
  const name = async (instance: Instance): Promise<void> => {
    const id = instance.InstanceId ?? '';
    const place = waiting.get(id);
    waiting.delete(id);
    if (place === undefined || tagValue(instance.Tags, TAG.slot) === place.slot) return;
    const Tags = Object.entries(nodeTags({ ...owner, ...place }, input.tags)).map(([Key, Value]) => ({ Key, Value }));
    const ec2 = deps.clients.ec2(input.region);
    try {
      await turn('last', () => ec2.send(new CreateTagsCommand({ Resources: [id, ...volumesOf(instance)], Tags })));
    } catch (error) {
      if (attempt.signal.aborted) throw error;
      throw toFailure(error, `CreateTags ${id}`);
    }
  };
  for (;;) {
    const found = await requireOwn(deps, input, [...waiting.keys()]);
    const isLate = attempt.age() > PATIENCE_MS;
    const known = new Set(found.map(({ InstanceId }) => InstanceId));
    // EC2 does not list at once what it has launched, nor for ever what has ended.
    if (isLate) for (const id of [...waiting.keys()]) if (!known.has(id)) waiting.delete(id);
    for (const one of found) if (!lives(one)) waiting.delete(one.InstanceId ?? '');
    await Promise.all(found.filter((one) => lives(one) && (isLate || volumesOf(one).length > 0)).map(name));
    if (waiting.size === 0) return;
    await attempt.sleep(PAUSE_MS);
  }
}

const volumesOf = ({ BlockDeviceMappings = [] }: Instance): string[] =>
  BlockDeviceMappings.flatMap(({ Ebs }) => (Ebs?.VolumeId === undefined ? [] : [Ebs.VolumeId]));
