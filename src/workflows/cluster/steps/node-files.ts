import { filesKey } from '../../../model/bucket.js';
import { findingKey } from '../../../model/health/findings.js';
import {
  departedManifests,
  filesFingerprint,
  groupOf,
  manifestsFingerprint,
  outdatedBundles,
  outdatedServers,
  wantedBundles,
} from '../../../model/node-files/wanted.js';
import { joinTarget } from '../../../model/plan/wanted.js';
import type { Slot } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { failure } from '../../lib/errors.js';
import { runJob } from '../../lib/node-job.js';
import { type Cluster, callContext, emit } from '../context.js';

/** Puts the nodes' files into the bucket, one bundle for each group of nodes. */
export async function storeFiles(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  const wanted = wantedBundles(state.document, state);
  const due = outdatedBundles(state.document, state);
  const groups = Object.fromEntries(Object.entries(wanted).filter(([group]) => due.includes(group)));
  const sums = await activities.storeFiles('put manifests and files of the nodes into the bucket', {
    ...callContext(cluster),
    groups,
    keep: Object.keys(wanted),
  });
  const stored = Object.entries(wanted).flatMap(([group, files]) => {
    const sha256 = sums[group] ?? state.nodeFiles[group]?.sha256;
    return sha256 === undefined ? [] : [[group, { sha256, of: filesFingerprint(files) }] as const];
  });
  state.nodeFiles = Object.fromEntries(stored);
}

/** Returns what a job needs to put a node's files in place; nothing if the node has none. */
export function filesOf({ state }: Cluster, slot: Slot) {
  const { document, nodeFiles } = state;
  const stored = nodeFiles[groupOf(slot)];
  if (stored === undefined) return null;
  const isOutdated = outdatedBundles(document, state).includes(groupOf(slot));
  return {
    manifests: {
      of: isOutdated ? OUTDATED : manifestsFingerprint(document),
      names: document.spec.k3s.manifests.map(({ name }) => name),
    },
    params: { FILES_SHA256: stored.sha256 },
    presign: { FILES_GET: { method: 'GET', key: filesKey(groupOf(slot)) } },
  } as const;
}

/** No fingerprint: the manifests are put in place once more. */
const OUTDATED = 'outdated';

/**
 * Notes that a job of the node has put its files in place: a server now holds the manifests of the document.
 *
 * @param files that the job was sent with: a request may have put another document in force since
 */
export function tookFiles(
  { state }: Cluster,
  slot: Slot,
  files: ReturnType<typeof filesOf>,
  result: Record<string, string>,
): void {
  if (slot.role !== 'server' || files === null) return;
  slot.manifests = files.manifests.of;
  const { [findingKey(slot.name, 'manifests')]: _, ...findings } = state.findings;
  state.findings = findings;
  const gone = (result['gone'] ?? '').split(',').filter((name) => /^[a-z0-9-]{1,50}$/.test(name));
  state.manifests = [...new Set([...state.manifests, ...files.manifests.names, ...gone])].sort();
}

/** Writes the document's manifests on all running servers; then deletes the resources of removed manifests through one of them. */
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
  tookFiles(cluster, slot, files, result);
}
