/** The leader looks at its learners every 15 s and makes voters of those that have caught up. [k3s: manageLearners] */
import type { KubeCluster } from './cluster.js';
import type { Member } from './etcd.js';
import { fatal } from './exit.js';
import { info, type ServiceContext } from './service-context.js';

/** Checks that a learner may be silent for before it is evicted: 5 minutes of 15 s. [k3s #7351] */
const PATIENCE = 20;

/** Imposes `promote`: the rest of the leader's interval. While there is no leader, interval after interval passes. */
export async function awaitPromotion(
  context: ServiceContext,
  cluster: KubeCluster,
  member: Member,
  joinSpan: string,
  signal: AbortSignal,
): Promise<void> {
  const { machine, plane } = context;
  const { world } = plane;
  for (;;) {
    const ms = cluster.etcd.untilCheck(Date.now(), world.profile.promotionCheck);
    const span = await world.impose({ kind: 'promote', instanceId: machine.id, ms, after: [joinSpan], signal });
    await cluster.etcd.until(() => cluster.etcd.available, signal);
    // The span comes first: who was waiting for this learner asks for it as soon as it is a voter.
    cluster.lastPromotion = span.id;
    if (cluster.etcd.promote(member)) break;
    if (!cluster.etcd.members.includes(member))
      throw fatal(`learner ${member.name} was removed before it was promoted`);
  }
  info(context, `Promoted learner ${member.name}`);
}

/** When the learner's process ends before its promotion, nobody else can join until it is back or evicted. */
export function evictWhenStalled(cluster: KubeCluster, member: Member, interval: number, signal: AbortSignal): void {
  const evict = () => {
    if (member.learner && !member.started) cluster.etcd.remove(member);
  };
  signal.addEventListener('abort', () => setTimeout(evict, PATIENCE * interval).unref(), { once: true });
}
