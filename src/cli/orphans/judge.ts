import type { Tagged } from '../../aws/tagged.js';

/** What Temporal knows of the workflow of a name. */
export type Owner =
  /** It is open, and its uid is final: `decided` is false while it may still adopt what an earlier life has left. */
  | { kind: 'open'; uid: string; decided: boolean }
  /** It is open and did not answer. */
  | { kind: 'silent' }
  | { kind: 'ended'; status: string; at: string | null }
  /** This namespace has never had it, or no longer remembers. */
  | { kind: 'never' };

export interface Orphan extends Tagged {
  /** Why nobody looks after it, for people. */
  why: string;
  /** Whether this Temporal namespace knew its cluster: if not, it may be the namespace that is the wrong one. */
  known: boolean;
}

/** What has no open workflow behind it. What may still have one, or get one, is left out: better an orphan too few. */
export function orphansAmong(tagged: readonly Tagged[], owners: ReadonlyMap<string, Owner>): Orphan[] {
  return tagged.flatMap((one): Orphan[] => {
    const owner = owners.get(one.cluster);
    const why = owner === undefined ? null : reasonFor(one, owner);
    return why === null ? [] : [{ ...one, why, known: owner?.kind !== 'never' }];
  });
}

function reasonFor({ uid }: Tagged, owner: Owner): string | null {
  switch (owner.kind) {
    case 'silent':
      return null;
    case 'open':
      return owner.decided && owner.uid !== uid ? 'of an earlier life of the name' : null;
    case 'ended':
      return `workflow ${owner.status.toLowerCase()}${owner.at === null ? '' : ` ${owner.at}`}`;
    case 'never':
      return 'no workflow known here';
  }
}
