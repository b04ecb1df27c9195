import { quorumOf } from '../quorum.js';
import type { ClusterState, Slot } from '../state.js';
import type { Plan } from './steps.js';

/**
 * Returns the obstacle when more than a minority of the members has lost its instance for good: a stopped member can be started, a lost one
 * cannot. No automatic step may continue from here, because each could cost the remaining data.
 */
export function quorumLost(state: ClusterState): Plan['blocked'] | null {
  if (state.initializedAt === null) return null;
  const members = membersOf(state);
  const left = members.filter((slot) => slot.instance !== null);
  if (members.length === 0 || left.length >= quorumOf(members.length)) return null;
  const gone = members.filter((slot) => slot.instance === null).map((slot) => slot.nodeName);
  const snapshots = left.flatMap((slot) =>
    slot.facts?.snapshot ? [`${slot.facts.snapshot} on ${slot.nodeName}`] : [],
  );
  const rest = left.length === 0 ? 'none' : left.map((slot) => `${slot.nodeName} (${slot.instance?.id})`).join(', ');
  return {
    code: 'QuorumLost',
    message: `etcd has lost its quorum: ${gone.join(', ')} of ${members.length} members are gone; left: ${rest}; snapshots seen there: ${snapshots.length === 0 ? 'none' : snapshots.join(', ')}`,
    hint:
      backedUp(state) ??
      (left.length === 0
        ? 'no disk is left, and Keelson knows of no backup: delete the cluster, and create it again'
        : 'Keelson does nothing unasked: on the server that is left stop k3s, delete the line `server:` of /etc/rancher/k3s/config.yaml, or K3s refuses, and run `k3s server --cluster-reset`, or with a snapshot `k3s server --cluster-reset --cluster-reset-restore-path=/var/lib/rancher/k3s/server/db/snapshots/NAME`; docs/how-to/repair-a-cluster.md has each step'),
  };
}

/** Returns the one command that brings the cluster back, and to which state. Null if no backup is known. */
function backedUp({ backup, checkedAt, document }: ClusterState): string | null {
  const { name } = document.metadata;
  if (backup.at === null) return null;
  const minutes = Math.max(0, Math.round((Date.parse(checkedAt) - Date.parse(backup.at)) / 60_000)) || 0;
  const age = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return `keelson restore ${name} --wait restores the newest backup, of ${backup.at.slice(0, 16)}Z (${age} old); what was written since is lost, and keelson backups ${name} lists all`;
}

/** Returns whether the members could no longer agree without these slots, some of which counted as members. */
export function quorumHangsOn(state: ClusterState, slots: ReadonlySet<string>): boolean {
  const members = membersOf(state);
  const left = members.filter((slot) => slot.instance !== null && !slots.has(slot.name));
  return (
    state.initializedAt !== null &&
    members.some((slot) => slots.has(slot.name)) &&
    left.length < quorumOf(members.length)
  );
}

/** Returns the servers that etcd counts; a node that is still to be removed has no instance. */
const membersOf = (state: ClusterState): Slot[] =>
  Object.values(state.slots).flatMap((slot) => {
    if (slot.role !== 'server') return [];
    const { departing } = slot;
    const gone = departing === null ? [] : [{ ...slot, name: '', nodeName: departing, instance: null }];
    return [...gone, ...(slot.joined ? [slot] : [])];
  });
