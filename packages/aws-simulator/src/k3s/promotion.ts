/** How a learner becomes a voter: by a tick of the leader's promotion loop, every 15 s. [k3s: pkg/etcd, manageLearners] */
import type { Span, Ticks } from '../contract.js';
import type { KubeCluster } from './cluster.js';
import type { Member } from './etcd.js';
import { fatal } from './exit.js';
import { info, type ServiceContext } from './service-context.js';

/**
 * Imposes `promote` until the leader's next tick. Without a leader then, or with another one whose loop ticks at other times, the learner
 * waits for the next tick of the leader.
 *
 * @param after spans by which the learner came to be one
 * @returns the span that ended with the promotion
 */
export async function awaitPromotion(
  context: ServiceContext,
  cluster: KubeCluster,
  member: Member,
  after: string[],
  signal: AbortSignal,
): Promise<Span> {
  const { machine, plane } = context;
  const { etcd } = cluster;
  for (;;) {
    await etcd.until(() => etcd.available, signal);
    const loop = etcd.leader?.loop;
    const ms = etcd.untilTick(Date.now());
    const ticks = loop?.span ? ticksOf(loop.span, plane.world.profile.promotionCheck) : undefined;
    const span = await plane.world.impose({
      kind: 'promote',
      instanceId: machine.id,
      ms,
      after,
      ...(ticks && { ticks }),
      signal,
    });
    if (!etcd.members.includes(member)) throw fatal(`learner ${member.name} was removed before it was promoted`);
    if (etcd.leader?.loop !== loop) continue;
    // The span comes first: a waiter for this learner asks for it as soon as the learner votes.
    cluster.lastPromotion = span.id;
    if (!etcd.promote(member)) continue;
    info(context, `Promoted learner ${member.name}`);
    return span;
  }
}

const ticksOf = ({ of, offsetMs }: { of: string; offsetMs: number }, everyMs: number): Ticks => ({
  of,
  offsetMs,
  everyMs,
});
