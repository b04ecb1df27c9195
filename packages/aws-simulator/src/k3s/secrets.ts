/**
 * Secrets of K3s in the datastore, encrypted with the server token: its "bootstrap data". Each server loads them at its start, and keeps
 * what it has loaded until its next start. [k3s source: pkg/cluster/bootstrap.go]
 */
import { randomUUID } from 'node:crypto';
import type { ClusterCa } from './ca.js';
import type { K3sConfig } from './config.js';

export interface Secrets {
  /** Names this set: a snapshot contains the set of its time. */
  id: string;
  ca: ClusterCa;
  serverPassword: string;
  /** Keys of secrets encryption; null if it is off. */
  encryption: Encryption | null;
}

export interface Encryption {
  /** Name of the key, as `secrets-encrypt status` shows it. */
  activeKey: string;
  stage: 'start' | 'reencrypt_finished';
}

/** Secrets of a running server. */
export interface Loaded {
  ca: ClusterCa;
  serverPassword: string;
  /** Each server's own setting, which must be the same on all. Without one K3s uses the server's. */
  agentPassword: string;
  encryption: Encryption | null;
}

/** All sets of a cluster; the last one is in the datastore. */
export class SecretStore {
  private readonly sets: Map<string, Secrets>;
  private id: string;

  constructor(first: Omit<Secrets, 'id'>) {
    this.id = randomUUID();
    this.sets = new Map([[this.id, { ...first, id: this.id }]]);
  }

  get now(): Secrets {
    const set = this.sets.get(this.id);
    if (set === undefined) throw new Error(`no secrets ${this.id}`);
    return set;
  }

  /** Returns the set of a snapshot's time; undefined for a snapshot of another cluster. */
  at(id: string): Secrets | undefined {
    return this.sets.get(id);
  }

  change(part: Partial<Omit<Secrets, 'id'>>): void {
    const next = { ...this.now, ...part, id: randomUUID() };
    this.sets.set(next.id, next);
    this.id = next.id;
  }

  /** Makes the snapshot's set the one in the datastore. */
  restore(id: string): void {
    if (this.sets.has(id)) this.id = id;
  }

  /** Copies the sets for a second cluster from a snapshot, while this one continues. */
  copy(): SecretStore {
    const copy = new SecretStore(this.now);
    for (const [id, set] of this.sets) copy.sets.set(id, set);
    copy.id = this.id;
    return copy;
  }
}

/** Returns what a start of K3s takes over. */
export const load = (
  { ca, serverPassword, encryption }: Secrets,
  { agentToken }: Pick<K3sConfig, 'agentToken'>,
): Loaded => ({
  ca,
  serverPassword,
  encryption,
  // Taken literally, in either form. [k3s source: deps.go]
  agentPassword: agentToken ?? serverPassword,
});
