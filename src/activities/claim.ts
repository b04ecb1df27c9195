import type { Instance, SecurityGroup } from '@aws-sdk/client-ec2';
import { ApplicationFailure } from '@temporalio/common';
import { detailOf, failure } from '../aws/failure.js';
import { CLAIMS } from '../aws/rate-limiter.js';
import type { Named } from '../aws/readers.js';
import { tagValue } from '../aws/tags.js';
import { BUCKET_KEY, bucketKeyOf } from '../model/bucket.js';
import { TAG } from '../model/tags.js';
import {
  type Claimant,
  type ClaimRefusal,
  nextRecord,
  nothingToAdopt,
  type OwnerRecord,
  ownedByAnother,
  ownerUnknown,
  parseOwnerRecord,
  standingOf,
} from '../model/trust/ownership.js';
import type { CallContext, Claim, ClaimInput } from './api.js';
import type { ActivityContext } from './attempt.js';
import type { ActivityDeps } from './deps.js';
import { awaitTurn, enterLine } from './ec2/await-turn.js';
import { foundOf, listNamed, lives } from './ec2/find-cluster.js';
import { judgeInstances } from './ec2/proof.js';

/** Others may claim the same name at the same time; one wins each time. */
const RACES = 5;

/**
 * Claims a cluster's name for the calling workflow, before anything is made. It takes over what an earlier cluster of the name has left
 * only if the bucket says that its workflow is closed, or if a person says so.
 *
 * @throws a `conflict` failure `OwnedByAnother`, `OwnerUnknown` or `NothingToAdopt` when a person has to decide
 */
export async function claimCluster(deps: ActivityDeps, attempt: ActivityContext, input: ClaimInput): Promise<Claim> {
  const claimant: Claimant = {
    installation: (await deps.installation()).id,
    namespace: attempt.namespace,
    namespaceId: await deps.namespaceId(),
    firstRunId: input.firstRunId,
  };
  const key = bucketKeyOf(input.cluster, BUCKET_KEY.owner);
  let stored = await deps.bucket.get(key);
  if (stored === null) await turnOfNewName(deps, attempt, input);
  const named = await listNamed(deps, attempt, input);
  for (let race = 1; ; race += 1) {
    const before = stored === null ? null : parsed(stored.text, key);
    const decided = await decide(deps, input, claimant, before, named);
    const { uid, confirmed } = decided;
    const found = await foundOf(deps, { ...input, uid }, named, confirmed);
    if (before !== null && standingOf(before, claimant) === 'own') return { uid, generation: before.generation, found };
    const record = nextRecord(before, claimant, uid, confirmed);
    try {
      const condition = stored === null ? ({ ifNoneMatch: '*' } as const) : { ifMatch: stored.etag };
      await deps.bucket.put(key, `${JSON.stringify(record, null, 2)}\n`, condition);
      return { uid, generation: record.generation, found };
    } catch (error) {
      const isLost = error instanceof ApplicationFailure && detailOf(error).code === 'PreconditionFailed';
      if (!isLost || race === RACES) throw error;
      // Also where it was read before a long wait: the condition of the write says so.
      stored = await deps.bucket.get(key);
    }
  }
}

/**
 * New names take turns: of a thousand clusters that are asked for together, EC2 lets the last be launched after minutes, and what they do before that keeps Temporal, the worker and
 * the bucket from those that run. A name that has an owner waits for nothing: what is there may need help. [docs/adr/0090]
 */
async function turnOfNewName(deps: ActivityDeps, attempt: ActivityContext, input: ClaimInput): Promise<void> {
  const pace = `${input.region} claims`;
  const line = enterLine(
    deps.pace.line(pace, { rate: CLAIMS }),
    input.uid,
    input.since,
    `the claim of ${input.cluster}`,
  );
  await awaitTurn(deps, attempt, pace, { rank: 0, line }, CLAIMS).finally(line.leave);
}

/** Returns the uid that the claimant gets, and the instances that only a person's word assigns to the cluster. */
async function decide(
  deps: ActivityDeps,
  input: ClaimInput,
  claimant: Claimant,
  before: OwnerRecord | null,
  named: Named,
): Promise<{ uid: string; confirmed: string[] }> {
  const { cluster, adopt } = input;
  const standing = standingOf(before, claimant);
  if (before !== null && standing === 'own') return { uid: before.uid, confirmed: before.confirmed };
  if (before !== null && standing === 'other' && adopt !== before.uid) throw refused(ownedByAnother(cluster, before));
  const living = named.instances.filter(lives);
  if (adopt !== null) {
    const left = [...living, ...named.groups].filter((one) => uidOf(one) === adopt);
    if (left.length === 0 && before?.uid !== adopt) throw refused(nothingToAdopt(cluster, adopt));
    return { uid: left.length === 0 ? input.uid : adopt, confirmed: await confirmedBy(deps, input, adopt, living) };
  }
  if (before !== null) {
    const isLeft = [...living, ...named.groups].some((one) => uidOf(one) === before.uid);
    return { uid: isLeft ? before.uid : input.uid, confirmed: before.confirmed };
  }
  const unowned = await provenOthers(deps, input, living);
  const uid = unowned.map(uidOf).at(-1);
  if (uid !== undefined) {
    const ids = unowned.filter((one) => uidOf(one) === uid).flatMap(({ InstanceId: id }) => id ?? []);
    throw refused(ownerUnknown(cluster, uid, ids));
  }
  return { uid: input.uid, confirmed: [] };
}

/** Returns the living instances that prove to belong to another cluster of the name. */
async function provenOthers(deps: ActivityDeps, { cluster, uid }: CallContext, living: readonly Instance[]) {
  const { id: installation } = await deps.installation();
  const proven: Instance[] = [];
  for (const instance of living) {
    const owner = { installation, cluster, uid: uidOf(instance) ?? '' };
    if (owner.uid !== uid && (await judgeInstances(deps, owner, [instance], 'cluster')).own.length > 0)
      proven.push(instance);
  }
  return proven;
}

/**
 * If not one instance of the uid proves anything, the installation's key was lost: then a person's word replaces the proof, for instances
 * of the expected profile. Only the worker may pass that role to an instance.
 */
async function confirmedBy(
  deps: ActivityDeps,
  { cluster, instanceProfile }: ClaimInput,
  uid: string,
  living: readonly Instance[],
): Promise<string[]> {
  const { id: installation } = await deps.installation();
  const ofUid = living.filter((one) => uidOf(one) === uid);
  const { own } = await judgeInstances(deps, { installation, cluster, uid }, ofUid, 'cluster');
  const profile = instanceProfile ?? deps.defaultInstanceProfile;
  if (own.length > 0 || profile === null) return [];
  const isExpected = ({ IamInstanceProfile: { Arn: arn = '' } = {} }: Instance): boolean =>
    arn === profile || (!profile.startsWith('arn:') && arn.endsWith(`/${profile}`));
  return ofUid.filter(isExpected).flatMap(({ InstanceId: id }) => id ?? []);
}

const uidOf = ({ Tags }: Instance | SecurityGroup): string | undefined => tagValue(Tags, TAG.uid);

const refused = ({ code, message, hint }: ClaimRefusal): ApplicationFailure =>
  failure({ code, class: 'conflict', message, hint: hint, nonRetryable: true });

/** Refuses an unreadable record: it names no owner, and the name may have one. */
function parsed(text: string, key: string): OwnerRecord {
  try {
    return parseOwnerRecord(text);
  } catch (error) {
    throw failure({
      code: 'OwnerUnreadable',
      class: 'invalid',
      message: `${key} is not an owner record: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'restore an earlier version of the object',
    });
  }
}

/**
 * Refuses a workflow that no longer owns its cluster, because another one has claimed the name. Called before every launch, stop and
 * delete.
 *
 * @throws a `conflict` failure `OwnershipLost`
 */
export async function requireClaim(deps: ActivityDeps, input: CallContext): Promise<void> {
  // Only tests of single activities act on a cluster before its name is claimed.
  if (input.claim === undefined) return;
  const key = bucketKeyOf(input.cluster, BUCKET_KEY.owner);
  const stored = await deps.bucket.get(key);
  // Without a record no other workflow has claimed it: an earlier attempt may have deleted the record as its last object.
  if (stored === null) return;
  const record = parsed(stored.text, key);
  if (record.uid === input.uid && record.generation === input.claim) return;
  const who = `the Temporal namespace ${record.namespace}, run ${record.firstRunId}`;
  throw failure({
    code: 'OwnershipLost',
    class: 'conflict',
    message: `${who} owns ${input.cluster} now (${key}): this workflow does nothing to it`,
    hint: `terminate the workflow that lost it, or take the cluster back: keelson apply --adopt ${input.uid}`,
    nonRetryable: true,
  });
}

/**
 * Refuses a workflow that has never claimed its name, if another cluster of the name has: the tokens and backups of that one must stay.
 *
 * @throws a `conflict` failure `OwnedByAnother`
 */
export async function requireUnclaimed(deps: ActivityDeps, { cluster, uid }: CallContext): Promise<void> {
  const key = bucketKeyOf(cluster, BUCKET_KEY.owner);
  const stored = await deps.bucket.get(key);
  const record = stored === null ? null : parsed(stored.text, key);
  if (record !== null && record.uid !== uid) throw refused(ownedByAnother(cluster, record));
}
