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
  /** Its etcd runs. A learner is admitted a moment before that. */
  started: boolean;
  /** When the process's K3s began to run; the promotion check's ticker counts from here. */
  clock: number;
}

export type Refusal = 'too many learner members in cluster' | 'etcdserver: no leader';

/** What etcd raises, for the whole cluster to see, until somebody disarms it. [etcd: AlarmType] */
export const ALARMS = ['NOSPACE', 'CORRUPT'] as const;
export type Alarm = (typeof ALARMS)[number];

export class Etcd {
  members: Member[] = [];
  /** By the id of the member that has raised it. */
  readonly alarms = new Map<string, Alarm>();
  leader: Member | null = null;
  private election: AbortController | null = null;
  private waiters: (() => void)[] = [];

  constructor(private readonly world: World) {}

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
    Object.assign(member, { learner: false, started: true });
    this.members = [member];
    this.settle('start');
  }

  /** Admits a learner, if there is none yet. @returns why not, or null. */
  admit(member: Member): Refusal | null {
    if (!this.available) return 'etcdserver: no leader';
    if (this.members.some(({ learner }) => learner)) return 'too many learner members in cluster';
    this.members.push(member);
    this.wake();
    return null;
  }

  /** A voter that is down, as a server leaves it behind that is gone without having been removed. */
  haunt(member: Member): void {
    Object.assign(member, { learner: false, started: false });
    this.members.push(member);
    this.settle('graceful');
  }

  start(member: Member, clock: number): void {
    member.started = true;
    member.clock = clock;
    this.settle('start');
  }

  /** A graceful end hands leadership over at once; after a crash of the leader the others need an election. */
  stop(member: Member, how: 'graceful' | 'crash'): void {
    if (!member.started) return;
    member.started = false;
    this.settle(how);
  }

  /** @returns false where it can't be: no leader, or the learner is gone or not running. */
  promote(member: Member): boolean {
    if (!this.available || !member.started || !this.members.includes(member)) return false;
    member.learner = false;
    this.world.note('promoted', { instanceId: member.instanceId, member: member.name, voters: this.voters.length });
    this.wake();
    return true;
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
    member.started = false;
    this.world.note('member-removed', { instanceId: member.instanceId, member: member.name });
    this.settle('graceful');
    return null;
  }

  /** Milliseconds until the leader looks at its learners again. */
  untilCheck(now: number, interval: number): number {
    const since = now - (this.leader?.clock ?? now);
    return interval <= 0 ? 0 : interval - (since % interval);
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

  /** Something that others wait for has changed. */
  wake(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const resume of waiters) resume();
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
