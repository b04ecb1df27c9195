import type { ClusterDocument } from '../spec/schema.js';

export const MANIFEST_VERSION = 1;

/** What is known of a backup: the object beside the snapshot. Holds no secret. */
export interface BackupManifest {
  schemaVersion: typeof MANIFEST_VERSION;
  cluster: string;
  uid: string;
  id: string;
  /** When it was begun, ISO 8601. */
  at: string;
  /** Node that has saved it. */
  node: string;
  /** K3s version that has saved it: an older minor cannot restore it. */
  k3s: string;
  etcd: string;
  /** Of the compressed snapshot, in hex. */
  sha256: string;
  /** Bytes of the compressed snapshot. */
  size: number;
  compression: 'zstd' | 'gzip';
  /** Revision of etcd that the marker was written at: the snapshot holds it, and all before it. */
  revision: string;
  /** Names the server token of that time, and tells nothing of it. */
  tokenVersion: string;
  /** Written to the cluster right before the snapshot: a cluster that has it is restored from this one, or a later one. */
  marker: string;
  /** How many objects there were, by kind. */
  objectCounts: Record<string, number>;
  document: ClusterDocument;
  /** Generations that its slots had used by then: node names that a cluster made from it must not use again. */
  generations: Record<string, number>;
}

/** What the node has reported of a snapshot. */
export type BackupReport = Pick<
  BackupManifest,
  'node' | 'k3s' | 'etcd' | 'sha256' | 'size' | 'compression' | 'revision' | 'tokenVersion' | 'objectCounts'
>;

/** @returns null when the report lacks something without which the snapshot is worth nothing */
export function reportOf(result: Readonly<Record<string, string>>): BackupReport | null {
  const { sha256 = '', compression, revision = '', version = '' } = result;
  const size = Number(result['size']);
  if (!/^[0-9a-f]{64}$/.test(sha256) || !Number.isSafeInteger(size) || size < 1) return null;
  if ((compression !== 'zstd' && compression !== 'gzip') || !/^v\d/.test(version)) return null;
  const counts = Object.entries(result).filter(([key, value]) => key.startsWith('count.') && /^\d{1,9}$/.test(value));
  return {
    node: result['node'] ?? '',
    k3s: version,
    etcd: result['etcd'] ?? 'unknown',
    sha256,
    size,
    compression,
    revision,
    tokenVersion: result['token-version'] ?? '',
    objectCounts: Object.fromEntries(counts.map(([key, value]) => [key.slice('count.'.length), Number(value)])),
  };
}

/** Reads a manifest from the bucket, where others may have written. @returns null for what is not one */
export function parseManifest(text: string): BackupManifest | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const one = value as Partial<Record<keyof BackupManifest, unknown>>;
  const isText = (...keys: (keyof BackupManifest)[]): boolean => keys.every((key) => typeof one[key] === 'string');
  const isWhole =
    one.schemaVersion === MANIFEST_VERSION &&
    isText('cluster', 'uid', 'id', 'at', 'node', 'k3s', 'etcd', 'sha256', 'revision', 'tokenVersion', 'marker') &&
    Number.isSafeInteger(one.size) &&
    (one.compression === 'zstd' || one.compression === 'gzip') &&
    typeof one.document === 'object' &&
    one.document !== null &&
    typeof one.generations === 'object' &&
    one.generations !== null &&
    typeof one.objectCounts === 'object' &&
    one.objectCounts !== null;
  return isWhole ? (value as BackupManifest) : null;
}
