import { fingerprint } from '../k3s/fingerprint.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState } from '../state.js';
import { differenceText, type GroupIds, type RuleDifference, ruleDifference, ruleKeysOf } from './keys.js';
import { type GroupRole, groupRulesOf } from './rules.js';

/** A security group that Keelson has made for the cluster. */
export interface OwnGroup {
  id: string;
  /** Keys of the rules that it has, as they were set or seen last; null while that is not known. */
  rules: string[] | null;
}

/** What the workflow carries of the cluster's own groups. */
export interface OwnGroups extends Record<GroupRole, OwnGroup> {
  /** Fingerprint of the rules that Keelson set last: tells a change of the document from one by someone else. */
  setFor: string | null;
  /** Why AWS refuses the rules with this fingerprint; they are not tried again until the document changes or `retry`. */
  refused: { for: string; message: string } | null;
}

/** Groups of which no rule is known yet. */
export const unseenGroups = (ids: GroupIds): OwnGroups => ({
  server: { id: ids.server, rules: null },
  agent: { id: ids.agent, rules: null },
  setFor: null,
  refused: null,
});

export const groupIdsOf = (groups: OwnGroups): GroupIds => ({ server: groups.server.id, agent: groups.agent.id });

/**
 * Groups that the instances of a role are in: those of the document or Keelson's own, and the further ones. Null while it is not known
 * which.
 */
export function instanceGroups(
  { spec }: ClusterDocument,
  { securityGroups, placement }: Pick<ClusterState, 'securityGroups' | 'placement'>,
  role: GroupRole,
): string[] | null {
  const own = securityGroups === null ? (placement?.securityGroupIds ?? []) : [securityGroups[role].id];
  return own.length === 0 ? null : [...own, ...spec.network.extraSecurityGroupIds];
}

/** The same for documents that ask for the same rules. */
export const rulesFingerprint = (document: ClusterDocument): string =>
  fingerprint(JSON.stringify(groupRulesOf(document)));

/** In what the groups differ from the document, by group; null while their rules are not known. */
export function groupsDifference(
  document: ClusterDocument,
  groups: OwnGroups,
): Record<GroupRole, RuleDifference> | null {
  const { server, agent } = groups;
  if (server.rules === null || agent.rules === null) return null;
  const wanted = ruleKeysOf(document, groupIdsOf(groups));
  return { server: ruleDifference(server.rules, wanted.server), agent: ruleDifference(agent.rules, wanted.agent) };
}

/** What differs, in words: empty when the groups are as the document asks, null while their rules are not known. */
export function groupsDifferenceText(document: ClusterDocument, groups: OwnGroups): string | null {
  const difference = groupsDifference(document, groups);
  return difference === null ? null : differenceText(difference);
}

/** Whether Keelson has set the rules that the document asks for: what differs then was changed by someone else. */
export const isSetFor = (document: ClusterDocument, groups: OwnGroups): boolean =>
  groups.setFor === rulesFingerprint(document);

/** Whether AWS has refused the rules that the document asks for. */
export const isRefused = (document: ClusterDocument, groups: OwnGroups): boolean =>
  groups.refused !== null && groups.refused.for === rulesFingerprint(document);
