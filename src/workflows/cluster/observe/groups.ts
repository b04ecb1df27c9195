import { groupIdsOf, idsIn } from '../../../model/security-groups/own-groups.js';
import { activities } from '../../lib/activities.js';
import { type Cluster, callContext, emit } from '../context.js';

/**
 * Takes over the rules of the cluster's own groups. The planner compares them with the document; here a missing group is removed from the
 * state, so that the next launch makes another one.
 */
export async function observeGroups(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  if (state.securityGroups === null) return;
  const ids = groupIdsOf(state.securityGroups);
  const seen = await activities.observeSecurityGroups('observe its security groups', {
    ...callContext(cluster),
    groupIds: idsIn(ids),
  });
  const rulesOf = (id: string): string[] | undefined => seen.find((one) => one.id === id)?.rules;
  const gone = idsIn(ids).filter((id) => rulesOf(id) === undefined);
  if (gone.length > 0) {
    emit(cluster, 'Warning', 'SecurityGroupGone', `${gone.join(', ')} is gone; Keelson makes another`);
    state.securityGroups = null;
    return;
  }
  // As it is now: a `retry` may have come since the question, and what it has cleared stays so.
  state.securityGroups = {
    ...state.securityGroups,
    server: { id: ids.server, rules: rulesOf(ids.server) ?? null },
    agent: ids.agent === null ? null : { id: ids.agent, rules: rulesOf(ids.agent) ?? null },
  };
}
