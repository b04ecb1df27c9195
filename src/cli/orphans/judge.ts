import type { Tagged } from '../../aws/tagged.js';
import type { OwnerRecord } from '../../model/trust/ownership.js';

/** What Temporal knows of the workflow of a name. */
export type Owner =
  /**
   * Open, with a final uid: `decided` is false while it may still adopt what an earlier cluster has left, `drills` while a drill of it
   * runs.
   */
  | { kind: 'open'; uid: string; decided: boolean; drills?: boolean }
  /** Open without an answer. */
  | { kind: 'silent' }
  | { kind: 'ended'; status: string; at: string | null }
  /** This namespace has never had it, or no longer remembers. */
  | { kind: 'never' };

/** Who asks. */
export interface Judge {
  installation: string;
  /** The Temporal server's own id of the namespace. */
  namespaceId: string;
}

/** Owner of a name. */
export interface NameOwner {
  workflow: Owner;
  /** `owner.json` of the bucket, or null. */
  record: OwnerRecord | null;
}

export interface Orphan extends Tagged {
  /** Why no workflow manages it, for people. */
  why: string;
  /** Whether it is proven to be of this installation, namespace and name: if not, others may manage it. */
  known: boolean;
}

/**
 * Returns the resources without an open workflow. It leaves out what may still have one, or get one: one orphan too few is better than one
 * too many.
 */
export function orphansAmong(
  tagged: readonly Tagged[],
  owners: ReadonlyMap<string, NameOwner>,
  judge: Judge,
): Orphan[] {
  return tagged.flatMap((one): Orphan[] => {
    const found = reasonFor(one, owners.get(one.cluster), judge);
    return found === null ? [] : [{ ...one, ...found }];
  });
}

function reasonFor(one: Tagged, owner: NameOwner | undefined, judge: Judge): Pick<Orphan, 'why' | 'known'> | null {
  if (one.installation !== judge.installation)
    return { why: `of the installation ${one.installation || '(no tag)'}`, known: false };
  if (owner === undefined) return null;
  const { record } = owner;
  if (record !== null && (record.namespaceId !== judge.namespaceId || record.installation !== judge.installation))
    return { why: `the Temporal namespace ${record.namespace} owns the name`, known: false };
  const why = workflowReason(one, owner.workflow);
  if (why === null) return null;
  const known = record !== null && [record.uid, ...record.earlier].includes(one.uid);
  return { why: known || owner.workflow.kind === 'never' ? why : `${why}, and no record has its uid`, known };
}

function workflowReason({ uid, ofDrill }: Tagged, owner: Owner): string | null {
  switch (owner.kind) {
    case 'silent':
      return null;
    case 'open':
      if (owner.decided && owner.uid !== uid) return 'of an earlier life of the name';
      return owner.decided && ofDrill && owner.drills === false ? 'of a drill that does not run any more' : null;
    case 'ended':
      return `workflow ${owner.status.toLowerCase()}${owner.at === null ? '' : ` ${owner.at}`}`;
    case 'never':
      return 'no workflow known here';
  }
}
