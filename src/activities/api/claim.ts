/** A workflow's claim to the name of its cluster, and what an earlier cluster of the name has left in AWS. */
import type { InstanceObservation } from '../../model/observation.js';
import type { GroupIds } from '../../model/security-groups/keys.js';
import type { ForeignInstance } from '../../model/trust/identity.js';
import type { CallContext } from './call.js';

export interface ClaimInput extends CallContext {
  /** First run of the workflow that asks. */
  firstRunId: string;
  /** Uid that a person wants to take over although another workflow owns it, or null. */
  adopt: string | null;
  /** The document's instance profile, if it names one. */
  instanceProfile: string | null;
  /** When the cluster was asked for, ISO 8601: of many new ones, the one that waits longest goes first. */
  since?: string;
}

export interface Claim {
  /** Uid of the cluster that the workflow takes over, else its own. */
  uid: string;
  generation: number;
  /** What the earlier cluster has left, or null. */
  found: FoundCluster | null;
}

/** Resources in AWS that carry a cluster's name. */
export interface FoundCluster {
  uid: string;
  /** Living instances; none when an earlier cluster has left only its group. */
  instances: InstanceObservation[];
  /** By slot the youngest instance that EC2 still lists, terminated or not: its generation is used up. */
  youngest: Record<string, { generation: number; instanceId: string }>;
  /** The cluster's own groups; null without that of its servers. */
  securityGroupIds: GroupIds | null;
  /** Machine of a running drill. */
  drill?: { generation: number; since: string };
  /** Keys below `clusters/<name>/` that exist. */
  bucketKeys: string[];
  /** Uids of earlier clusters of the name that left something behind. */
  otherUids: string[];
  /** Instances that carry the name and prove nothing: not among `instances`. */
  foreign: ForeignInstance[];
}
