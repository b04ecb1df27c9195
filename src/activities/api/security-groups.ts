/** Keelson's own security groups, and the groups of an instance. */
import type { GroupIds, RuleDifference } from '../../model/security-groups/keys.js';
import type { GroupRole, GroupRule } from '../../model/security-groups/rules.js';
import type { CallContext } from './call.js';

export interface SecurityGroupsInput extends CallContext {
  vpcId: string;
  /** Groups that the workflow has recorded; null: Keelson finds them by name and tags, or makes them. */
  known: GroupIds | null;
  /** Every rule that lets something into the groups. A group without any is not made. */
  rules: GroupRule[];
  tags: Record<string, string>;
  /** Begin of the operation that waits for them, ISO 8601: of many, the one that waits longest goes first. */
  since?: string;
}

export interface SecurityGroupsResult {
  /** Ids of the groups, with the keys of their present rules. */
  groups: { server: ObservedGroup; agent: ObservedGroup | null };
  /** Rules that Keelson had to open (`missing`) and close (`extra`). */
  changed: Record<GroupRole, RuleDifference>;
}

/** A security group as EC2 shows it. */
export interface ObservedGroup {
  id: string;
  /** Keys of its rules. */
  rules: string[];
}

export interface ObserveGroupsInput extends CallContext {
  groupIds: string[];
}

export interface InstanceGroupsInput extends CallContext {
  instanceId: string;
  /** All groups that the instance must be in. */
  groupIds: string[];
  /** The document's own groups among them; the others are Keelson's. */
  named: string[];
}

export interface DrillGroupInput extends CallContext {
  vpcId: string;
  /** TCP ports that the group lets out to, to any address. */
  ports: number[];
  /** The document's own tags; Keelson's are added. */
  tags: Record<string, string>;
}
