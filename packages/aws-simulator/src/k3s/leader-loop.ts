/**
 * At each tick the leader writes the Node condition EtcdIsVoter of every server, which is therefore up to 15 s
 * late, and evicts a learner without progress for 5 minutes. [k3s: pkg/etcd, manageLearners; k3s #7351]
 */
import type { World } from '../contract.js';
import type { Etcd, Member } from './etcd.js';
import { type EtcdCondition, type KubeNode, sameCondition } from './node.js';

/** Ticks that a learner may stall for before it is evicted: 5 minutes of 15 s. */
const PATIENCE = 20;

/** What the loop sees of its cluster. */
interface Led {
  readonly founding: { embeddedEtcd: boolean };
  readonly etcd: Etcd;
  readonly nodes: ReadonlyMap<string, KubeNode>;
  memberOf(nodeName: string): Member | undefined;
}

export class LeaderLoop {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly world: World,
    private readonly cluster: Led,
  ) {}

  /** Called after every change of members, Nodes or the leader: it ticks only while there is something to do. */
  arm(): void {
    clearTimeout(this.timer);
    const { etcd } = this.cluster;
    if (!etcd.available || (this.late().length === 0 && this.stalled().length === 0)) return;
    this.timer = setTimeout(() => this.tick(), etcd.untilTick(Date.now())).unref();
  }

  private tick(): void {
    for (const [node, due] of this.late()) node.etcdCondition = { ...due, since: Date.now() };
    const patience = PATIENCE * this.world.profile.promotionCheck;
    for (const learner of this.stalled()) {
      if (Date.now() - learner.since > patience && this.cluster.etcd.remove(learner) === null)
        this.world.note('learner-evicted', { instanceId: learner.instanceId, member: learner.name });
    }
    this.arm();
  }

  /** Returns the servers' Nodes whose condition is about to change. */
  private late(): [KubeNode, EtcdCondition][] {
    if (!this.cluster.founding.embeddedEtcd) return [];
    return [...this.cluster.nodes.values()]
      .filter(({ role }) => role === 'server')
      .map((node): [KubeNode, EtcdCondition] => [node, conditionOf(this.cluster.memberOf(node.name))])
      .filter(([node, due]) => !sameCondition(node.etcdCondition, due));
  }

  private stalled(): Member[] {
    return this.cluster.etcd.members.filter(({ learner, started }) => learner && !started);
  }
}

/** In K3s's own words. [k3s: pkg/etcd, setEtcdStatusCondition] */
function conditionOf(member: Member | undefined): EtcdCondition {
  const since = 0;
  if (member === undefined) return { status: 'False', reason: 'NotAMember', since };
  if (!member.started) return { status: 'False', reason: 'Unhealthy', since };
  return member.learner
    ? { status: 'False', reason: 'MemberIsLearner', since }
    : { status: 'True', reason: 'MemberNotLearner', since };
}
