import { witnesses } from '../plan/wanted.js';
import type { ClusterState, Slot } from '../state.js';

/**
 * The server that saves a snapshot: one that serves, and not the leader of etcd where another one can do it, for reading the whole database
 * costs the leader's disk time. The leader may have changed since it was seen: then it costs that time, and nothing else.
 */
export function backupServer(state: ClusterState): Slot | null {
  const servers = witnesses(state, Object.values(state.slots)).filter(({ agentOnline }) => agentOnline);
  return servers.findLast(({ facts }) => facts?.leads === false) ?? servers.at(-1) ?? null;
}
