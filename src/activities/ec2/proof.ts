import type { Instance } from '@aws-sdk/client-ec2';
import { provesOwner, provesPlace } from '../../aws/client-token.js';
import { failure, toFailure } from '../../aws/failure.js';
import { chunks } from '../../aws/pages.js';
import { BUCKET_KEY, bucketKeyOf } from '../../model/bucket.js';
import { FOREIGN_HINT } from '../../model/checks/foreign-instances.js';
import { batchesWith } from '../../model/launch-batch.js';
import type { Owner } from '../../model/tags.js';
import { type ForeignInstance, foreignBecause } from '../../model/trust/identity.js';
import { parseOwnerRecord } from '../../model/trust/ownership.js';
import type { CallContext } from '../api.js';
import type { ActivityDeps } from '../deps.js';
import { findInstances } from './find-instances.js';
import { instanceView, stateOf } from './instance-view.js';

/** A filter takes 200 values at most. [docs: EC2 Using_Filtering] */
const CHUNK = 100;

/** Returns the owner of a resource of the cluster, according to its tags. */
export async function ownerOf(
  deps: ActivityDeps,
  { cluster, uid }: Pick<CallContext, 'cluster' | 'uid'>,
): Promise<Owner> {
  const { id: installation } = await deps.installation();
  return { installation, cluster, uid };
}

export interface Judged {
  own: Instance[];
  foreign: ForeignInstance[];
}

/**
 * Separates the cluster's instances from others that carry its tags.
 *
 * @param asked `place` if an instance would take a slot by its tags
 * @param recorded ids that the workflow has recorded after their launch
 */
export async function judgeInstances(
  deps: ActivityDeps,
  owner: Owner,
  instances: readonly Instance[],
  asked: 'cluster' | 'place',
  recorded: readonly string[] = [],
): Promise<Judged> {
  const installation = await deps.installation();
  const judged: Judged = { own: [], foreign: [] };
  for (const instance of instances) {
    const { id, slot, generation } = instanceView(instance);
    const why = foreignBecause(
      {
        provesCluster: provesOwner(instance.ClientToken, installation, owner),
        // Its own launch, or one of several slots, of which its launch index is this one.
        provesPlace: [slot, ...batchesWith(slot, instance.AmiLaunchIndex ?? 0)].some((name) =>
          provesPlace(instance.ClientToken, installation, { ...owner, slot: name, generation }),
        ),
        recorded: recorded.includes(id),
        profile: instance.IamInstanceProfile?.Arn ?? null,
      },
      asked,
    );
    if (why === null) judged.own.push(instance);
    else judged.foreign.push({ id, why });
  }
  return judged;
}

/**
 * Describes instances by id before Keelson changes them.
 *
 * @returns those that exist
 * @throws a `conflict` failure `ForeignInstance` when one of them does not belong to the cluster: then Keelson changes none
 */
export async function requireOwn(deps: ActivityDeps, input: CallContext, ids: readonly string[]): Promise<Instance[]> {
  const ec2 = deps.clients.ec2(input.region);
  const lists = chunks([...ids], CHUNK).map((Values) => findInstances(ec2, [{ Name: 'instance-id', Values }]));
  return requireOwnAmong(deps, input, (await Promise.all(lists)).flat());
}

/** The same before a job sends them a secret, in one call for all jobs of the region that ask at about the same time. */
export async function requireOwnTogether(
  deps: ActivityDeps,
  input: CallContext,
  ids: readonly string[],
): Promise<void> {
  const { proof } = deps.readers(input.region);
  const found = await Promise.all(ids.map((id) => proof.next(id))).catch((error: unknown) => {
    throw toFailure(error, `DescribeInstances ${ids.join(', ')}`);
  });
  const alive = found.flatMap((one) => (one === undefined || stateOf(one) === 'terminated' ? [] : one));
  await requireOwnAmong(deps, input, alive);
}

async function requireOwnAmong(deps: ActivityDeps, input: CallContext, found: Instance[]): Promise<Instance[]> {
  const judged = await judgeInstances(deps, await ownerOf(deps, input), found, 'cluster');
  const confirmed = judged.foreign.length === 0 ? [] : await confirmedIn(deps, input);
  const foreign = judged.foreign.filter(({ id }) => !confirmed.includes(id));
  if (foreign.length === 0) return found;
  throw failure({
    code: 'ForeignInstance',
    class: 'conflict',
    message: foreign.map(({ id, why }) => `${id} is not an instance of ${input.cluster}: ${why}`).join('; '),
    hint: FOREIGN_HINT,
    nonRetryable: true,
  });
}

/** Reads the instances that a person has confirmed for this cluster. */
async function confirmedIn(deps: ActivityDeps, { cluster, uid }: CallContext): Promise<string[]> {
  const stored = await deps.bucket.get(bucketKeyOf(cluster, BUCKET_KEY.owner));
  if (stored === null) return [];
  const record = parseOwnerRecord(stored.text);
  return record.uid === uid ? record.confirmed : [];
}
