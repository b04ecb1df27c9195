import { filesKey } from '../../model/bucket.js';
import { findingKey } from '../../model/care/findings.js';
import {
  departedManifests,
  filesFingerprint,
  groupOf,
  manifestsFingerprint,
  outdatedBundles,
  outdatedServers,
  wantedBundles,
} from '../../model/node-files/wanted.js';
import { joinTarget } from '../../model/plan/wanted.js';
import type { Slot } from '../../model/state.js';
import { activities } from '../activities.js';
import { type Cluster, emit, failure, scopeOf } from '../cluster-context.js';
import { runJob } from '../node-job.js';

/** Puts what nodes get into the bucket, one bundle for each group of nodes. */
export async function storeFiles(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  const wanted = wantedBundles(state.document, state);
  const due = outdatedBundles(state.document, state);
  const groups = Object.fromEntries(Object.entries(wanted).filter(([group]) => due.includes(group)));
  const sums = await activities.storeFiles('put manifests and files of the nodes into the bucket', {
    ...scopeOf(cluster),
    groups,
    keep: Object.keys(wanted),
  });
  const stored = Object.entries(wanted).flatMap(([group, files]) => {
    const sha256 = sums[group] ?? state.nodeFiles[group]?.sha256;
    return sha256 === undefined ? [] : [[group, { sha256, of: filesFingerprint(files) }] as const];
  });
  state.nodeFiles = Object.fromEntries(stored);
}

/** What a job needs that puts a node's files in place; nothing where it has none. */
export function filesOf({ state }: Cluster, slot: Slot) {
  const stored = state.nodeFiles[groupOf(slot)];
  if (stored === undefined) return null;
  return {
    params: { FILES_SHA256: stored.sha256 },
    presign: { FILES_GET: { method: 'GET', key: filesKey(groupOf(slot)) } },
  } as const;
}

/** A job of the node has put its files in place: a server holds the manifests of the document now. */
export function tookFiles(cluster: Cluster, slot: Slot, result: Record<string, string>): void {
  const { state } = cluster;
  if (slot.role !== 'server' || filesOf(cluster, slot) === null) return;
  slot.manifests = manifestsFingerprint(state.document);
  const { [findingKey(slot.name, 'manifests')]: _, ...findings } = state.findings;
  state.findings = findings;
  const gone = (result['gone'] ?? '').split(',').filter((name) => /^[a-z0-9-]{1,50}$/.test(name));
  const names = state.document.spec.k3s.manifests.map(({ name }) => name);
  state.manifests = [...new Set([...state.manifests, ...names, ...gone])].sort();
}

/** Manifests as the document has them, on all servers that run; then the resources of those that it no longer has are deleted through one. */
export async function setManifests(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  for (const slot of outdatedServers(state.document, state)) await placeManifests(cluster, slot);
  const departed = departedManifests(state.document, state);
  if (departed.length === 0) return;
  const server = joinTarget(state);
  if (server === null) throw failure('conflict', 'NoServerUp', 'no server is up to ask', 'it is planned again');
  const result = await runJob(cluster, server, {
    script: 'delete-manifests',
    summary: `delete the resources of ${departed.join(', ')}`,
    params: { MANIFESTS_GONE: departed.join(' ') },
    timeoutSeconds: 300,
  });
  state.manifests = state.manifests.filter((name) => !departed.includes(name));
  const left = result['left'];
  if (left !== undefined)
    emit(
      cluster,
      'Warning',
      'ManifestsLeft',
      `no copy of ${left} is there to delete its resources by: delete them by hand`,
    );
}

async function placeManifests(cluster: Cluster, slot: Slot): Promise<void> {
  const files = filesOf(cluster, slot);
  if (files === null) return;
  const result = await runJob(cluster, slot, {
    script: 'set-manifests',
    summary: 'put the manifests in place',
    params: { ROLE: slot.role, ...files.params },
    presign: files.presign,
    timeoutSeconds: 120,
  });
  tookFiles(cluster, slot, result);
}
