import { isUnsure } from '../../../model/health/findings.js';
import { areSettling } from '../../../model/security-groups/of-instance.js';
import { GROUP_ROLES } from '../../../model/security-groups/rules.js';
import type { ClusterState } from '../../../model/state.js';

const SECOND_MS = 1_000;
/** How long a quiet cluster goes without an observation; jitter keeps thousands of them apart. */
const RESYNC_MS = 4 * 3_600 * SECOND_MS;
/** Pause before the second observation that confirms a finding; with jitter more than `APART_MS`. */
const AGAIN_MS = 13 * SECOND_MS;
/** First and longest pause while something is unhealthy or cannot be observed. */
const FIRST_MS = 30 * SECOND_MS;
const LONGEST_MS = 15 * 60 * SECOND_MS;

/** Returns whether nothing is wrong, in doubt or unknown: only the time makes the next observation due. */
export function isQuiet(state: ClusterState): boolean {
  const unseen =
    state.securityGroups !== null && GROUP_ROLES.some((role) => state.securityGroups?.[role]?.rules === null);
  return state.failedObservations === 0 && state.unhealthyObservations === 0 && !isUnsure(state) && !unseen;
}

/** Only what EC2 shows for long enough is done: the region watch does not tell a second time what it has told before. */
const areGroupsSettling = ({ slots, checkedAt }: ClusterState): boolean =>
  Object.values(slots).some((slot) => areSettling(slot, checkedAt));

/** Returns the milliseconds until the next observation that no message asks for. */
export function untilObservationDue(state: ClusterState): number {
  const { statusProblem: problem } = state;
  if (problem === null) return untilNextObservation(state);
  // Each observation writes status.yaml again; the pause grows with the time since the first failure, so that it doubles.
  const lasted = Date.now() - Date.parse(problem.since);
  return Math.min(untilNextObservation(state), LONGEST_MS, Math.max(FIRST_MS, lasted));
}

function untilNextObservation(state: ClusterState): number {
  if (state.desiredState !== 'running' || state.initializedAt === null) return RESYNC_MS;
  if (state.failedObservations > 0) return backOff(state.failedObservations);
  if (isUnsure(state) || areGroupsSettling(state)) return AGAIN_MS;
  return state.unhealthyObservations > 0 ? backOff(state.unhealthyObservations) : RESYNC_MS;
}

const backOff = (looks: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** (looks - 1));
