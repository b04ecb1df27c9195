/**
 * What a member of etcd does before it serves a client: it announces its name and its address for clients through the leader, and waits until it sees that in
 * the log. [etcd source: publishV3]
 */
import type { KubeCluster } from './cluster.js';
import type { Member } from './etcd.js';

/** Resolves when the member that has just started may serve. */
export async function announce({ etcd }: KubeCluster, member: Member, signal: AbortSignal): Promise<void> {
  await etcd.until(() => etcd.available, signal);
  etcd.announce(member);
}
