import type { KubeCluster } from './cluster.js';
import type { Member } from './etcd.js';
import type { ServiceContext } from './service-context.js';

/**
 * Imposes `peer-health` from the start of a member that joins: only when it was connected for long enough does etcd let others in. It ends with the
 * process. [etcd: HealthInterval]
 *
 * @param after spans that its start had to wait for
 */
export async function connect(
  { machine, plane: { world } }: ServiceContext,
  cluster: KubeCluster,
  member: Member,
  after: string[],
  signal: AbortSignal,
): Promise<void> {
  const about = { kind: 'peer-health', instanceId: machine.id, ms: world.profile.peerHealth, signal };
  const { connecting } = cluster.etcd;
  connecting.set(member, signal);
  const span = await world.impose({ ...about, after }).catch(() => null);
  // The span comes first: who waits for this member to be healthy has waited for it.
  if (span !== null) cluster.lastHealthy = span.id;
  if (connecting.get(member) === signal) connecting.delete(member);
}
