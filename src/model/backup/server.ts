import { witnesses } from '../plan/wanted.js';
import { hasOldToken } from '../rotation/state.js';
import type { ClusterState, Slot } from '../state.js';

/**
 * The server that saves a snapshot: one that serves, and not the leader of etcd where another one can do it, for reading the whole database
 * costs the leader's disk time. One that still goes by a token that was replaced would send it beside a snapshot that it does not open. The leader may have changed since it was seen: then it costs that time, and nothing else.
 */
export function backupServer(state: ClusterState): Slot | null {
  const servers = witnesses(state, Object.values(state.slots)).filter(
    (slot) => slot.agentOnline && !hasOldToken(state, slot),
  );
  return servers.findLast(({ facts }) => facts?.leads === false) ?? servers.at(-1) ?? null;
}
