import * as z from 'zod';

/** The workflow that manages a cluster's name in an installation: `clusters/<name>/owner.json`, changed by conditional writes only. */
const recordSchema = z.object({
  installation: z.string(),
  namespace: z.string(),
  /** The server's own id of the namespace: every server has one named `default`. */
  namespaceId: z.string(),
  uid: z.string(),
  /** First run of the workflow; continue-as-new keeps it. */
  firstRunId: z.string(),
  /** Grows with every claim: Keelson refuses what an earlier owner still asks for. */
  generation: z.number().int().positive(),
  /** Uids of earlier clusters of the name, newest last. */
  earlier: z.array(z.string()).default([]),
  /** Instances without proof that a person has confirmed with `--adopt`. */
  confirmed: z.array(z.string()).default([]),
});
export type OwnerRecord = z.output<typeof recordSchema>;

/** How many earlier uids the record keeps. */
const EARLIER = 20;

export type Claimant = Pick<OwnerRecord, 'installation' | 'namespace' | 'namespaceId' | 'firstRunId'>;

/** @throws Error when the text is not an owner record */
export function parseOwnerRecord(text: string): OwnerRecord {
  return recordSchema.parse(JSON.parse(text));
}

export type Standing =
  /** No workflow owns the name. */
  | 'free'
  /** The claimant has claimed it before. */
  | 'own'
  /** The owner's workflow is closed. */
  | 'closed'
  /** Another namespace or installation owns it, and may still manage it. */
  | 'other';

/**
 * Returns how a claimant stands to the owner of a name. In one namespace Temporal runs one execution of a workflow id at a time, and the id
 * is the cluster's name: while the claimant runs, other runs of its own namespace are closed. Nothing is known of other namespaces.
 */
export function standingOf(record: OwnerRecord | null, claimant: Claimant): Standing {
  if (record === null) return 'free';
  if (record.installation !== claimant.installation || record.namespaceId !== claimant.namespaceId) return 'other';
  return record.firstRunId === claimant.firstRunId ? 'own' : 'closed';
}

/** Returns the record of the next owner. */
export function nextRecord(
  before: OwnerRecord | null,
  claimant: Claimant,
  uid: string,
  confirmed: readonly string[],
): OwnerRecord {
  const earlier = before === null ? [] : [...before.earlier, before.uid];
  return {
    ...claimant,
    uid,
    generation: (before?.generation ?? 0) + 1,
    earlier: [...new Set(earlier)].filter((one) => one !== uid).slice(-EARLIER),
    confirmed: [...confirmed],
  };
}

/** A refused claim: a person decides. */
export interface ClaimRefusal {
  code: 'OwnedByAnother' | 'OwnerUnknown' | 'NothingToAdopt';
  message: string;
  hint: string;
}

export const CLAIM_REFUSALS: ReadonlySet<string> = new Set<ClaimRefusal['code']>([
  'OwnedByAnother',
  'OwnerUnknown',
  'NothingToAdopt',
]);

export function ownedByAnother(cluster: string, record: OwnerRecord): ClaimRefusal {
  const { namespace, uid, firstRunId, installation } = record;
  return {
    code: 'OwnedByAnother',
    message: `the Temporal namespace ${namespace} (installation ${installation}) owns ${cluster}: uid ${uid}, run ${firstRunId}`,
    hint: `use that namespace, or another metadata.name; when that workflow is gone for good: keelson apply --adopt ${uid}`,
  };
}

export function ownerUnknown(cluster: string, uid: string, ids: readonly string[]): ClaimRefusal {
  return {
    code: 'OwnerUnknown',
    message: `${ids.join(', ')} carry the name ${cluster} (uid ${uid}), and no record in the bucket says who owns them`,
    hint: `keelson apply --adopt ${uid} takes them over; keelson orphans --delete --unknown deletes them`,
  };
}

export function nothingToAdopt(cluster: string, uid: string): ClaimRefusal {
  return {
    code: 'NothingToAdopt',
    message: `nothing in the region carries the name ${cluster} and the uid ${uid}`,
    hint: 'compare the uid with the tag keelson:uid of the instances; leave --adopt out to make a new cluster',
  };
}
