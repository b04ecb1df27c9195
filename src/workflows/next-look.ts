import { isUnsure } from '../model/care/findings.js';
import { GROUP_ROLES } from '../model/security-groups/rules.js';
import type { ClusterState } from '../model/state.js';

const SECOND_MS = 1_000;
/** How long a quiet cluster goes without a look of its own; jitter keeps thousands of them apart. */
const RESYNC_MS = 4 * 3_600 * SECOND_MS;
/** To make sure of what one look has seen; with jitter more than `APART_MS`. */
const AGAIN_MS = 13 * SECOND_MS;
/** While something is not well, or cannot be seen: less and less often. */
const FIRST_MS = 30 * SECOND_MS;
const LONGEST_MS = 15 * 60 * SECOND_MS;

/** Whether nothing is wrong, doubted or unknown: the next look is due for no reason but the time. */
export function isAtRest(state: ClusterState): boolean {
  const unseen =
    state.securityGroups !== null && GROUP_ROLES.some((role) => state.securityGroups?.[role].rules === null);
  return state.blindLooks === 0 && state.uneasyLooks === 0 && !isUnsure(state) && !unseen;
}

/** Milliseconds until the cluster looks for itself, if no one tells it anything. */
export function untilNextLook(state: ClusterState): number {
  const { statusProblem: problem } = state;
  if (problem === null) return untilNextObservation(state);
  // With each one status.yaml is written again; as long again as it could not be, so that waits double.
  const lasted = Date.now() - Date.parse(problem.since);
  return Math.min(untilNextObservation(state), LONGEST_MS, Math.max(FIRST_MS, lasted));
}

function untilNextObservation(state: ClusterState): number {
  if (state.wish !== 'running' || state.bornAt === null) return RESYNC_MS;
  if (state.blindLooks > 0) return backOff(state.blindLooks);
  if (isUnsure(state)) return AGAIN_MS;
  return state.uneasyLooks > 0 ? backOff(state.uneasyLooks) : RESYNC_MS;
}

const backOff = (looks: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** (looks - 1));
