/**
 * Membership and quorum of one embedded etcd: who votes, who learns, who leads. One learner at a time, quorum for
 * everything, strict reconfiguration check. [k3s #4335, #7351; etcd: learner design, strict-reconfig-check]
 */
import type { World } from '../contract.js';

export interface Member {
  id: string;
  /** `<node name>-<random>`, as K3s names it. */
  name: string;
  nodeName: string;
  instanceId: string;
  /** Private address; the peer URL is `https://<ip>:2380`. */
  peerIp: string;
  learner: boolean;
  /** Has all of the log that the leader has: asked to, etcd lets it vote. */
  caughtUp: boolean;
  /** Its etcd runs. A learner is admitted a moment before that. */
  started: boolean;
  /** Since when it runs, or does not; milliseconds since the epoch. */
  since: number;
  /** Since it runs, it has seen its own announcement in the log: its name and its address for clients. It serves none before. [etcd source: publishV3] */
  announced: boolean;
  /** The promotion loop of the process that runs it. */
  loop: PromotionClock;
}

/** Every server's promotion loop ticks from when the container runtime of its process is there. [k3s: pkg/etcd, manageLearners] */
export interface PromotionClock {
  /** Milliseconds since the epoch; the first tick comes one interval later. */
  startedAt: number;
  /** The same for the critical path: after the begin of that span, if there is one. */
  span: { of: string; offsetMs: number } | null;
}

export type Refusal =
  | 'etcdserver: too many learner members in cluster'
  | 'etcdserver: unhealthy cluster'
  | 'etcdserver: no leader'
  | 'etcdserver: member not found'
  | 'etcdserver: can only promote a learner member'
  | 'etcdserver: can only promote a learner member which is in sync with leader';

/** Alarms of etcd, which the whole cluster sees until someone disarms them. [etcd: AlarmType] */
export const ALARMS = ['NOSPACE', 'CORRUPT'] as const;
export type Alarm = (typeof ALARMS)[number];

/** Entries of a new log: its only member, its first leader, the version of the cluster. [etcd source: raft, bootstrap; etcdserver] */
const YOUNG_LOG = 3;

export class Etcd {
  members: Member[] = [];
  /** By the id of the raising member. */
  readonly alarms = new Map<string, Alarm>();
  leader: Member | null = null;
  /** Members that others have known for less than `peerHealth` since they came, by the process that runs them. */
  readonly connecting = new Map<Member, AbortSignal>();
  /** Number of the log's last entry: it counts changes of members, and announcements. */
  lastIndex = 0;
  private election: AbortController | null = null;
  private waiters: (() => void)[] = [];

  /** @param changed is called when members or the leader have changed */
  constructor(
    private readonly world: World,
    private readonly changed: () => void = () => undefined,
  ) {}

  get voters(): Member[] {
    return this.members.filter((member) => !member.learner);
  }

  get hasQuorum(): boolean {
    const voters = this.voters;
    return voters.length > 0 && voters.filter((member) => member.started).length >= majority(voters.length);
  }

  /** Reads and writes get an answer. */
  get available(): boolean {
    return this.leader !== null;
  }

  /** The first member makes the cluster: a voter at once. */
  found(member: Member): void {
    Object.assign(member, { learner: false, started: true, since: Date.now(), announced: true });
    this.members = [member];
    this.lastIndex = YOUNG_LOG + 1;
    this.settle('start');
  }

  /**
   * Admits a learner, if there is none yet and every voter has been connected for a while: a voter that is down, or has just come, makes
   * the cluster unhealthy for etcd. [etcd: MaxLearners, strict reconfiguration check]
   *
   * @returns why not, or null
   */
  admit(member: Member): Refusal | null {
    if (!this.available) return 'etcdserver: no leader';
    if (this.members.some(({ learner }) => learner)) return 'etcdserver: too many learner members in cluster';
    const healthySince = Date.now() - this.world.profile.peerHealth;
    const healthy = (voter: Member): boolean =>
      voter.started && voter.since <= healthySince && !this.connecting.has(voter);
    if (!this.voters.every((voter) => voter === this.leader || healthy(voter))) return 'etcdserver: unhealthy cluster';
    this.members.push(member);
    this.lastIndex++;
    this.wake();
    return null;
  }

  /** Adds a voter that is down, as a lost server leaves it without removal. */
  addStale(member: Member): void {
    Object.assign(member, { learner: false, started: false, since: 0 });
    this.members.push(member);
    this.lastIndex++;
    this.settle('graceful');
  }

  /** Leaves one member, which has not started. Alarms belong to the lost data. */
  reset(member: Member): void {
    Object.assign(member, { learner: false, started: false, since: Date.now() });
    this.members = [member];
    this.lastIndex = YOUNG_LOG;
    this.alarms.clear();
    this.settle('graceful');
  }

  start(member: Member): void {
    Object.assign(member, { started: true, since: Date.now(), announced: false });
    this.settle('start');
  }

  /** Its announcement has come back to it. */
  announce(member: Member): void {
    member.announced = true;
    this.lastIndex++;
    this.wake();
  }

  /** A graceful end hands leadership over at once; after a crash of the leader the others need an election. */
  stop(member: Member, how: 'graceful' | 'crash'): void {
    if (!member.started) return;
    Object.assign(member, { started: false, since: Date.now() });
    this.settle(how);
  }

  /** Lets a learner vote that has caught up, no matter who asks. [etcd: PromoteMember] @returns why not, or null */
  promote(id: string): Refusal | null {
    if (!this.available) return 'etcdserver: no leader';
    const member = this.members.find((one) => one.id === id);
    if (member === undefined) return 'etcdserver: member not found';
    if (!member.learner) return 'etcdserver: can only promote a learner member';
    if (!member.started || !member.caughtUp)
      return 'etcdserver: can only promote a learner member which is in sync with leader';
    member.learner = false;
    this.lastIndex++;
    this.world.note('promoted', { instanceId: member.instanceId, member: member.name, voters: this.voters.length });
    this.wake();
    return null;
  }

  /** Removes a member. @returns why etcd refuses, or null. */
  remove(member: Member): string | null {
    if (!this.available) return 'etcdserver: no leader';
    const rest = this.voters.filter((voter) => voter !== member);
    const active = rest.filter((voter) => voter.started).length;
    if (member.started && !member.learner && (rest.length === 0 || active < majority(rest.length))) {
      return 'etcdserver: re-configuration failed due to not enough started members';
    }
    this.members = this.members.filter((other) => other !== member);
    this.lastIndex++;
    member.started = false;
    this.world.note('member-removed', { instanceId: member.instanceId, member: member.name });
    this.settle('graceful');
    return null;
  }

  /** Returns the milliseconds until the promotion loop of the leader ticks. Every server has a loop, and only the leader's acts. */
  untilTick(now: number): number {
    const interval = this.world.profile.promotionCheck;
    const since = now - (this.leader?.loop.startedAt ?? now);
    return since < 0 ? interval - since : interval - (since % interval);
  }

  /** Resolves as soon as the predicate holds; rejects when the signal aborts. Waiters are served in their order. */
  async until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    while (!holds()) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        signal.addEventListener('abort', stop, { once: true });
        this.waiters.push(() => {
          signal.removeEventListener('abort', stop);
          resolve();
        });
      });
    }
  }

  /** Wakes waiters after a change. */
  wake(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const resume of waiters) resume();
    this.changed();
  }

  private settle(cause: 'start' | 'graceful' | 'crash'): void {
    const lead = this.voters.filter((member) => member.started);
    if (!this.hasQuorum) {
      this.election?.abort();
      this.election = null;
      this.leader = null;
    } else if (this.leader === null || !lead.includes(this.leader)) {
      if (cause === 'crash') void this.elect();
      else if (!this.election) this.leader = lead[0] ?? null;
    }
    this.wake();
  }

  private async elect(): Promise<void> {
    this.leader = null;
    this.election = new AbortController();
    const { signal } = this.election;
    const heir = this.voters.find((member) => member.started);
    const ms = this.world.profile.election;
    try {
      await this.world.impose({ kind: 'election', ms, signal, ...(heir && { instanceId: heir.instanceId }) });
    } catch {
      return;
    }
    if (signal.aborted) return;
    this.election = null;
    this.settle('start');
  }
}

/** Voters that must agree. */
export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1;
}
