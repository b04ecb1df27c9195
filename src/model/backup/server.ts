import { witnesses } from '../plan/wanted.js';
import { hasOldToken } from '../rotation/state.js';
import type { ClusterState, Slot } from '../state.js';

/**
 * Returns the server that saves a snapshot: one that serves, and if possible not the leader of etcd, because reading the whole database
 * costs the leader's disk time. A server that still uses a replaced token would send it beside a snapshot that it does not open. The leader
 * may have changed since: then the snapshot costs that time, and nothing else.
 */
export function backupServer(state: ClusterState): Slot | null {
  const servers = witnesses(state, Object.values(state.slots)).filter(
    (slot) => slot.agentOnline && !hasOldToken(state, slot),
  );
  return servers.findLast(({ facts }) => facts?.leads === false) ?? servers.at(-1) ?? null;
}
