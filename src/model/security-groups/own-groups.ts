import { fingerprint } from '../k3s/fingerprint.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { OwnGroups } from '../state/groups.js';
import type { ClusterState } from '../state.js';
import { differenceText, type GroupIds, type RuleDifference, ruleDifference, ruleKeysOf } from './keys.js';
import { type GroupRole, groupRulesOf } from './rules.js';

export type { OwnGroup, OwnGroups } from '../state/groups.js';

/** Groups without any known rule. */
export const unseenGroups = (ids: GroupIds): OwnGroups => ({
  server: { id: ids.server, rules: null },
  agent: ids.agent === null ? null : { id: ids.agent, rules: null },
  setFor: null,
  refused: null,
});

export const groupIdsOf = (groups: OwnGroups): GroupIds => ({
  server: groups.server.id,
  agent: groups.agent?.id ?? null,
});

/** Ids of the groups that are there. */
export const idsIn = ({ server, agent }: GroupIds): string[] => (agent === null ? [server] : [server, agent]);

/** Returns whether the document has pools, and their agents no group yet. */
export const lacksAgentGroup = (document: ClusterDocument, { agent }: OwnGroups): boolean =>
  agent === null && groupRulesOf(document).some(({ of }) => of === 'agent');

/**
 * Returns the groups for the instances of a role: those of the document or Keelson's own, and the further ones. Null while Keelson does not
 * know which.
 */
export function instanceGroups(
  { spec }: ClusterDocument,
  { securityGroups, launchConfig }: Pick<ClusterState, 'securityGroups' | 'launchConfig'>,
  role: GroupRole,
): string[] | null {
  const own =
    securityGroups === null ? (launchConfig?.securityGroupIds ?? []) : [securityGroups[role]?.id ?? []].flat();
  // A document may name a group of the cluster itself; EC2 shows it once.
  return own.length === 0 ? null : [...new Set([...own, ...spec.network.extraSecurityGroupIds])];
}

/** Returns the same value for documents with the same rules. */
export const rulesFingerprint = (document: ClusterDocument): string =>
  fingerprint(JSON.stringify(groupRulesOf(document)));

/** Returns the differences between the groups and the document, by group; null while the rules are unknown. */
export function groupsDifference(
  document: ClusterDocument,
  groups: OwnGroups,
): Record<GroupRole, RuleDifference> | null {
  const { server, agent } = groups;
  const of = agent === null ? [] : agent.rules;
  if (server.rules === null || of === null) return null;
  const wanted = ruleKeysOf(document, groupIdsOf(groups));
  return { server: ruleDifference(server.rules, wanted.server), agent: ruleDifference(of, wanted.agent) };
}

/** Returns the differences in words: empty when the groups match the document, null while their rules are unknown. */
export function groupsDifferenceText(document: ClusterDocument, groups: OwnGroups): string | null {
  const difference = groupsDifference(document, groups);
  return difference === null ? null : differenceText(difference);
}

/** Returns whether Keelson has set the document's rules: then someone else has made the difference. */
export const isSetFor = (document: ClusterDocument, groups: OwnGroups): boolean =>
  groups.setFor === rulesFingerprint(document);

/** Returns whether AWS has refused the document's rules. */
export const isRefused = (document: ClusterDocument, groups: OwnGroups): boolean =>
  groups.refused !== null && groups.refused.for === rulesFingerprint(document);
