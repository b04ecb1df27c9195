import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { type RuleDifference, ruleDifference } from './keys.js';
import { instanceGroups } from './own-groups.js';

/** An instance is not in the groups that the document asks for. */
export interface GroupsDifference extends RuleDifference {
  wanted: string[];
  /** What has brought it about: someone's hand, the document, or an earlier workflow whose work is not known. */
  by: 'hand' | 'document' | 'unknown';
  /** Why AWS refuses the wanted groups; null if it does not. */
  refused: string | null;
}

/** Returns the same text for the same groups, in whatever order: `sg-1,sg-2`. */
export const groupsKey = (ids: readonly string[]): string => [...ids].sort().join();

export const sameGroups = (a: readonly string[], b: readonly string[]): boolean => groupsKey(a) === groupsKey(b);

/** Returns how the groups of a slot's instance differ from the document; null if they do not, or one of both is not known yet. */
export function groupsDifferenceOf(
  document: ClusterDocument,
  state: Pick<ClusterState, 'securityGroups' | 'launchConfig' | 'refusedGroups'>,
  { instance, role, groups, givenGroups }: Slot,
): GroupsDifference | null {
  const wanted = instanceGroups(document, state, role);
  if (instance === null || groups === null || wanted === null || sameGroups(groups, wanted)) return null;
  const refused = state.refusedGroups?.[instance.id];
  const isGiven = givenGroups !== undefined && sameGroups(givenGroups.ids, wanted);
  return {
    wanted,
    ...ruleDifference(groups, wanted),
    by: givenGroups === undefined ? 'unknown' : isGiven ? 'hand' : 'document',
    refused: refused !== undefined && sameGroups(refused.ids, wanted) ? refused.message : null,
  };
}

/**
 * How long after Keelson's own change an answer of EC2 may still show the groups of before. The EC2 API is eventually consistent, and documents no bound;
 * what is seen later counts. [docs: EC2 API, eventual consistency]
 */
const SETTLING_MS = 20_000;

/** Returns whether Keelson has changed the groups of the slot's instance so lately that an answer from that time may be from before. */
export const areSettling = ({ instance, givenGroups }: Slot, at: string): boolean =>
  instance !== null && givenGroups?.at !== undefined && Date.parse(at) - Date.parse(givenGroups.at) < SETTLING_MS;

/** Returns the difference in words, e.g. `is not in sg-1 and is in sg-2`. */
export function groupsDifferenceTextOf({ missing, extra }: RuleDifference): string {
  const lacks = missing.length === 0 ? [] : [`is not in ${missing.join(', ')}`];
  const has = extra.length === 0 ? [] : [`is in ${extra.join(', ')}`];
  return [...lacks, ...has].join(' and ');
}
