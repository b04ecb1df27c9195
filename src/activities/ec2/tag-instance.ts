import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import { toFailure } from '../../aws/failure.js';
import { nodeTags } from '../../model/tags.js';
import type { TagInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { ownerOf, requireOwn } from './proof.js';

/** Sets the tags of an instance to those of its launch again; does nothing if it has them. */
export async function tagInstance(deps: ActivityDeps, _: ActivityContext, input: TagInput): Promise<void> {
  await requireOwn(deps, input, [input.instanceId]);
  const node = { ...input, ...(await ownerOf(deps, input)) };
  const Tags = Object.entries(nodeTags(node, input.tags)).map(([Key, Value]) => ({ Key, Value }));
  try {
    await deps.clients.ec2(input.region).send(new CreateTagsCommand({ Resources: [input.instanceId], Tags }));
  } catch (error) {
    throw toFailure(error, `CreateTags ${input.instanceId}`);
  }
}
