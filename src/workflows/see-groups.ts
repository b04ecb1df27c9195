import { groupIdsOf } from '../model/security-groups/own-groups.js';
import { activities } from './activities.js';
import { type Cluster, emit, scopeOf } from './cluster-context.js';

/**
 * Takes over which rules the cluster's own groups have. The planner compares them with the document; here a group that is gone is
 * forgotten, so that the next launch makes another.
 */
export async function seeGroups(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  const groups = state.securityGroups;
  if (groups === null) return;
  const ids = groupIdsOf(groups);
  const seen = await activities.observeSecurityGroups('look at its security groups', {
    ...scopeOf(cluster),
    groupIds: Object.values(ids),
  });
  const rulesOf = (id: string): string[] | undefined => seen.find((one) => one.id === id)?.rules;
  const [server, agent] = [rulesOf(ids.server), rulesOf(ids.agent)];
  if (server === undefined || agent === undefined) {
    const gone = Object.values(ids).filter((id) => rulesOf(id) === undefined);
    emit(cluster, 'Warning', 'SecurityGroupGone', `${gone.join(', ')} is gone; Keelson makes another`);
    state.securityGroups = null;
    return;
  }
  state.securityGroups = {
    ...groups,
    server: { id: ids.server, rules: server },
    agent: { id: ids.agent, rules: agent },
  };
}
