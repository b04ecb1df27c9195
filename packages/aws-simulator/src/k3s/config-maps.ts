/** ConfigMaps of a simulated cluster: a snapshot contains them beside the Nodes, and a test recognizes its data by them. */
import { randomUUID } from 'node:crypto';

export interface ConfigMap {
  namespace: string;
  name: string;
  uid: string;
  /** Revision of etcd at its last write. */
  revision: number;
  /** Milliseconds since the epoch. */
  createdAt: number;
  data: Record<string, string>;
}

export class ConfigMaps {
  private readonly byKey = new Map<string, ConfigMap>();

  /** @param revision of etcd, which grows with each write */
  constructor(
    public revision = 1,
    known: readonly ConfigMap[] = [],
  ) {
    for (const one of known) this.byKey.set(keyOf(one.namespace, one.name), { ...one, data: { ...one.data } });
  }

  /** Returns all of a namespace, or of every one, by namespace and name. */
  list(namespace: string | null = null): ConfigMap[] {
    return [...this.byKey.values()]
      .filter((one) => namespace === null || one.namespace === namespace)
      .sort((a, b) => (keyOf(a.namespace, a.name) < keyOf(b.namespace, b.name) ? -1 : 1));
  }

  get(namespace: string, name: string): ConfigMap | undefined {
    return this.byKey.get(keyOf(namespace, name));
  }

  /** Writes it; removes a key of `data` that is null. */
  put(namespace: string, name: string, data: Readonly<Record<string, string | null>>): ConfigMap {
    const before = this.get(namespace, name);
    const kept = Object.entries({ ...before?.data, ...data }).filter(
      (entry): entry is [string, string] => entry[1] !== null,
    );
    this.revision += 1;
    const next: ConfigMap = {
      namespace,
      name,
      uid: before?.uid ?? randomUUID(),
      revision: this.revision,
      createdAt: before?.createdAt ?? Date.now(),
      data: Object.fromEntries(kept),
    };
    this.byKey.set(keyOf(namespace, name), next);
    return next;
  }

  /** @returns false if there was none */
  delete(namespace: string, name: string): boolean {
    this.revision += 1;
    return this.byKey.delete(keyOf(namespace, name));
  }
}

/** As the API shows it. */
export const configMapObject = ({ namespace, name, uid, revision, createdAt, data }: ConfigMap) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name,
    namespace,
    uid,
    resourceVersion: String(revision),
    creationTimestamp: new Date(createdAt).toISOString().replace(/\.\d+Z$/, 'Z'),
  },
  data,
});

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;
