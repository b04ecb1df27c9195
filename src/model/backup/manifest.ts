import { countsIn } from '../drill/compare.js';
import type { ClusterDocument } from '../spec/schema.js';

export const MANIFEST_VERSION = 1;

/** Description of a backup, stored beside the snapshot. Holds no secret. */
export interface BackupManifest {
  schemaVersion: typeof MANIFEST_VERSION;
  cluster: string;
  uid: string;
  id: string;
  /** When the backup began, ISO 8601. */
  at: string;
  /** Node that has saved the snapshot. */
  node: string;
  /** K3s version that has saved the snapshot: an older minor version cannot restore it. */
  k3s: string;
  etcd: string;
  /** SHA-256 of the compressed snapshot, in hex. */
  sha256: string;
  /** Bytes of the compressed snapshot. */
  size: number;
  compression: 'zstd' | 'gzip';
  /** Revision of etcd at which the marker was written: the snapshot holds it, and everything before it. */
  revision: string;
  /** Digest that identifies the server token of that time without revealing it. */
  tokenVersion: string;
  /** Written to the cluster right before the snapshot: a cluster that has it was restored from this backup, or a later one. */
  marker: string;
  /** Number of objects, by kind. */
  objectCounts: Record<string, number>;
  document: ClusterDocument;
  /** Generations that the slots had used by then: a cluster made from the backup must not use their node names again. */
  generations: Record<string, number>;
}

/** What the node has reported about a snapshot. */
export type BackupReport = Pick<
  BackupManifest,
  'node' | 'k3s' | 'etcd' | 'sha256' | 'size' | 'compression' | 'revision' | 'tokenVersion' | 'objectCounts'
>;

/** @returns null when the report lacks something that a restore needs */
export function reportOf(result: Readonly<Record<string, string>>): BackupReport | null {
  const { sha256 = '', compression, revision = '', version = '' } = result;
  const size = Number(result['size']);
  if (!/^[0-9a-f]{64}$/.test(sha256) || !Number.isSafeInteger(size) || size < 1) return null;
  if ((compression !== 'zstd' && compression !== 'gzip') || !/^v\d/.test(version)) return null;
  return {
    node: result['node'] ?? '',
    k3s: version,
    etcd: result['etcd'] ?? 'unknown',
    sha256,
    size,
    compression,
    revision,
    tokenVersion: result['token-version'] ?? '',
    objectCounts: countsIn(result),
  };
}

/** Reads a manifest from the bucket, where others may have written. @returns null for anything else */
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
