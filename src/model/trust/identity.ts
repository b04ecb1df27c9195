/** Proof of an instance that carries a cluster's tags, or whose id a workflow names. */
export interface Identity {
  /** Its ClientToken bears the installation's seal for this cluster. */
  provesCluster: boolean;
  /** The seal also covers the slot and generation in its tags. */
  provesPlace: boolean;
  /** The cluster's workflow has recorded its id after the launch, or a person has confirmed it. */
  recorded: boolean;
  /** ARN of its instance profile, for people. */
  profile: string | null;
}

/**
 * Returns why an instance does not belong to the cluster, whatever its tags say. Everyone may read tags and many may write them: they find
 * an instance and prove nothing. The sealed ClientToken proves the launch with its whole request: profile, image, subnet and groups. [ADR
 * 0027]
 *
 * @param asked `cluster` before a change of an instance; `place` if it would take a slot by its tags
 * @returns null when it belongs to the cluster
 */
export function foreignBecause(identity: Identity, asked: 'cluster' | 'place'): string | null {
  const { provesCluster, provesPlace, recorded, profile } = identity;
  if (recorded || (asked === 'place' ? provesPlace : provesCluster)) return null;
  const what = provesCluster
    ? 'its tags name a slot or generation for which it was not launched'
    : 'its ClientToken is not of a launch by this installation for this cluster';
  return `${what} (instance profile: ${profile ?? 'none'})`;
}

/** An instance that carries the cluster's tags and does not belong to the cluster. */
export interface ForeignInstance {
  id: string;
  why: string;
}
