/**
 * What K3s keeps in the datastore, encrypted with the server token: its "bootstrap data". Each server loads it when it starts, and goes on with what it
 * has loaded until it is started again. [k3s source: pkg/cluster/bootstrap.go]
 */
import { randomUUID } from 'node:crypto';
import type { ClusterCa } from './ca.js';
import type { K3sConfig } from './config.js';

export interface Secrets {
  /** Names this set: a snapshot holds the one of its time. */
  id: string;
  ca: ClusterCa;
  serverPassword: string;
  /** Of secrets encryption; null where it is off. */
  encryption: Encryption | null;
}

export interface Encryption {
  /** Of the key, as `secrets-encrypt status` shows it. */
  activeKey: string;
  stage: 'start' | 'reencrypt_finished';
}

/** What a server that runs goes by. */
export interface Loaded {
  ca: ClusterCa;
  serverPassword: string;
  /** Each server's own setting, which must be the same on all. K3s takes the server's where none is given. */
  agentPassword: string;
  encryption: Encryption | null;
}

/** The sets that a cluster has had; the last one is in the datastore. */
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

  /** Of the time of a snapshot; undefined for one of another cluster. */
  at(id: string): Secrets | undefined {
    return this.sets.get(id);
  }

  change(part: Partial<Omit<Secrets, 'id'>>): void {
    const next = { ...this.now, ...part, id: randomUUID() };
    this.sets.set(next.id, next);
    this.id = next.id;
  }

  /** The datastore is the snapshot's. */
  restore(id: string): void {
    if (this.sets.has(id)) this.id = id;
  }

  /** For a second cluster that comes from a snapshot of this one while this one goes on. */
  copy(): SecretStore {
    const copy = new SecretStore(this.now);
    for (const [id, set] of this.sets) copy.sets.set(id, set);
    copy.id = this.id;
    return copy;
  }
}

/** What a start of K3s takes over. */
export const load = (
  { ca, serverPassword, encryption }: Secrets,
  { agentToken }: Pick<K3sConfig, 'agentToken'>,
): Loaded => ({
  ca,
  serverPassword,
  encryption,
  // Taken literally, in whatever form it is. [k3s source: deps.go]
  agentPassword: agentToken ?? serverPassword,
});
