/**
 * How a learner becomes a voter: etcd lets it vote once it has caught up and someone asks. K3s asks at each tick of the leader's promotion loop,
 * every 15 s. [etcd docs: learner design; k3s: pkg/etcd, manageLearners]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Span } from '../contract.js';
import type { KubeCluster } from './cluster.js';
import type { Member } from './etcd.js';
import { fatal } from './exit.js';
import { info, type ServiceContext } from './service-context.js';

/**
 * Imposes `promote`, after which the learner may vote.
 *
 * @param after spans by which the learner came to be one
 */
export async function catchUp(
  { machine, plane: { world } }: ServiceContext,
  cluster: KubeCluster,
  member: Member,
  after: string[],
  signal: AbortSignal,
): Promise<Span> {
  await cluster.etcd.until(() => cluster.etcd.available, signal);
  const ms = world.profile.catchUp;
  const span = await world.impose({ kind: 'promote', instanceId: machine.id, ms, after, signal });
  // The span comes first: a waiter for this learner asks for it as soon as the learner votes.
  cluster.lastPromotion = span.id;
  member.caughtUp = true;
  return span;
}

/** Waits until someone has asked. Nothing makes a caller wait for a tick, so the wait for one is not imposed. */
export async function awaitVote(
  context: ServiceContext,
  cluster: KubeCluster,
  member: Member,
  signal: AbortSignal,
): Promise<void> {
  const { etcd } = cluster;
  const isOver = (): boolean => !member.learner || !etcd.members.includes(member);
  while (!isOver()) await atTick(cluster, member, isOver, signal);
  if (!etcd.members.includes(member)) throw fatal(`learner ${member.name} was removed before it was promoted`);
  info(context, `Promoted learner ${member.name}`);
}

/** Until the leader's next tick, which asks; or until it is over. Another leader ticks at other times. */
async function atTick(
  { etcd }: KubeCluster,
  member: Member,
  isOver: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const loop = etcd.leader?.loop;
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  const tick = sleep(etcd.untilTick(Date.now()), null, { signal: either, ref: false }).then(() => {
    if (etcd.leader?.loop === loop) etcd.promote(member.id);
  });
  try {
    await Promise.race([tick, etcd.until(() => isOver() || etcd.leader?.loop !== loop, either)]);
  } finally {
    ended.abort();
    await tick.catch(() => null);
  }
  if (!etcd.available) await etcd.until(() => etcd.available || isOver(), signal);
}
