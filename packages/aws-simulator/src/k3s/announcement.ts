/**
 * What a member of etcd does before it serves a client: it announces its name and its address for clients through the leader, and waits until it sees that in
 * the log. A new member of etcd 3.6 begins with a snapshot of the leader that holds its announcement already, so that it never sees it as an entry, and asks
 * again after its request time-out. Restarted, it has the snapshot on its disk, and its announcement comes as an entry. [etcd source: publishV3, compactRaftLog; docs/adr/0089]
 */
import type { KubeCluster } from './cluster.js';
import type { Member } from './etcd.js';
import { etcdOf, sendsSnapshots } from './etcd-release.js';
import { type ServiceContext, warn } from './service-context.js';

/**
 * Resolves when the member that has just started may serve. Nothing makes a caller wait for the second try, so that it is not imposed: who restarts the
 * service does without it.
 */
export async function announce(
  context: ServiceContext,
  cluster: KubeCluster,
  member: Member,
  signal: AbortSignal,
): Promise<void> {
  const { etcd } = cluster;
  const { world } = context.plane;
  await etcd.until(() => etcd.available, signal);
  if (!member.caughtUp && sendsSnapshots(leadersEtcd(context, cluster))) {
    await world.wait(world.profile.publishTimeout, signal);
    warn(context, 'failed to publish local member to cluster through raft: etcdserver: request timed out');
    await etcd.until(() => etcd.available, signal);
  }
  etcd.announce(member);
}

/** The leader decides what a new member gets. */
const leadersEtcd = ({ plane, version }: ServiceContext, { etcd }: KubeCluster): string =>
  etcdOf(plane.serverOn(etcd.leader?.instanceId ?? '')?.version ?? version);
