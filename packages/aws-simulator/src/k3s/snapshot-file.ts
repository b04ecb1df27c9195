/** A snapshot of the simulated etcd as a file: what was in it, and a checksum at the end, as etcd appends one. [etcd: snapshot] */
import { createHash } from 'node:crypto';
import type { ConfigMap } from './config-maps.js';
import type { KubeNode } from './node.js';

export interface SnapshotContent {
  /** Id of the simulated cluster. */
  cluster: string;
  /** K3s version that has saved it. */
  version: string;
  revision: number;
  nodes: KubeNode[];
  nodePasswords: [string, string][];
  configMaps: ConfigMap[];
  /** Names the secrets of that time: K3s has them in the snapshot, encrypted with the server token. */
  secrets: string;
  /** Names of the members at that time. */
  members: string[];
}

export function encodeSnapshot(content: SnapshotContent): string {
  const body = JSON.stringify(content);
  return `${body}\n${hashOf(body)}\n`;
}

/** @returns null for a file that was cut or changed */
export function decodeSnapshot(text: string): SnapshotContent | null {
  const [, body = '', hash] = /^(.*)\n([0-9a-f]{64})\n$/s.exec(text) ?? [];
  return hash !== undefined && hashOf(body) === hash ? (JSON.parse(body) as SnapshotContent) : null;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
