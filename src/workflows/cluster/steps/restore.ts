import { BUCKET_KEY } from '../../../model/bucket.js';
import { slotIn } from '../../../model/ids.js';
import { recordInstalled } from '../../../model/k3s/installed.js';
import { parseVersion } from '../../../model/k3s/version.js';
import { recordPublished } from '../../../model/kubeconfig.js';
import type { Step } from '../../../model/plan/index.js';
import { quorumLost } from '../../../model/plan/quorum-lost.js';
import { apiAddressOf, nodeConfigOf } from '../../../model/plan/wanted.js';
import type { RestoredBackup, RestoreState } from '../../../model/restore/state.js';
import { superseded } from '../../../model/state/transitions.js';
import type { ErrorRecord, Slot } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { classOf, detailOf, errorRecordOf, failure, isCancelled } from '../../lib/errors.js';
import { runJob } from '../../lib/node-job.js';
import { hookSecondsOf, startNode } from '../../lib/start-node.js';
import { apply } from '../apply.js';
import { type Cluster, callContext, emit, slotOf } from '../context.js';
import { invalidateObservations } from '../observe/kubernetes.js';
import { caHashIn, joined, KUBECONFIG_PUT } from './bootstrap-and-join.js';
import { releaseParams } from './install.js';
import { filesOf, tookFiles } from './node-files.js';

/** A database of 2 GiB on a small machine. */
const REHEARSAL_SECONDS = 1_200;

/** What another try of the same backup on the same server does not change. */
const HOPELESS: ReadonlySet<string> = new Set([
  'SnapshotDamaged',
  'SnapshotTokenMismatch',
  'SnapshotTooNew',
  'RestoreFailed',
  'BackupIncomplete',
  'ZstdMissing',
  'DiskFull',
  'VersionNotFound',
]);

/**
 * Restores the backup in a scratch folder of the server. When it cannot be restored the restore has failed, its operation ends, and the cluster is as
 * it was: nothing was taken from anyone but this server's K3s, which runs again.
 */
export async function rehearse(cluster: Cluster, step: Step): Promise<void> {
  const { state, inbox } = cluster;
  const asked = askedOf(cluster);
  const slot = slotOf(cluster, step.slot);
  const { breakerResets } = inbox;
  try {
    const { from: id, source } = asked;
    const { objectCounts: _, ...backup } = await activities.findBackup('find the backup', {
      ...callContext(cluster),
      id,
      source,
    });
    if (!asked.withVersion) checkVersion(cluster, backup);
    invalidateObservations(cluster);
    await rehearseOn(cluster, slot, asked, backup);
    slot.service = 'stopped';
    state.restore = { ...asked, backup, rehearsedOn: { slot: slot.name, instanceId: slot.instance?.id ?? '' } };
    if (asked.withVersion) takeVersion(cluster, backup);
    emit(cluster, 'Normal', 'RestoreRehearsed', `backup ${backup.id} can be restored; it is being restored now`);
  } catch (reason) {
    const code = detailOf(reason)?.code ?? '';
    const isFinal = classOf(reason) === 'invalid' || HOPELESS.has(code) || hasTriedEnough(cluster);
    // A `retry` that has come meanwhile wants another try.
    if (isCancelled(reason) || !isFinal || inbox.breakerResets !== breakerResets) throw reason;
    const error = errorRecordOf(reason, step, state.operation?.id ?? null, 1);
    const record = state.operation?.steps.findLast((one) => one.kind === 'rehearse' && one.outcome === 'running');
    if (record !== undefined) record.error = error;
    state.restore = canGoOn(cluster) ? null : { ...asked, failed: whyFailed(cluster, asked, error) };
    cluster.control.replanRequested = true;
    // Nothing waits for them now.
    cluster.control.interruptWaits?.();
    emit(cluster, 'Warning', 'RestoreFailed', `${error.code}: ${error.message.split('\n')[0]}; nothing was restored`);
  }
}

/** So often is a backup that cannot be fetched rehearsed on a cluster that serves. */
const MOST_FAILURES = 3;

/**
 * Returns whether a restore of a cluster that serves has failed often enough. Tried for ever it would happen at some later hour, when what stood in its way is gone, and
 * take what was written until then. A cluster that has lost its quorum has nothing to lose by it.
 */
const hasTriedEnough = (cluster: Cluster): boolean =>
  canGoOn(cluster) && (cluster.state.breakers.restore?.failures ?? 0) + 1 >= MOST_FAILURES;

/**
 * Returns whether the cluster can go on without the restore. Else nothing may be planned but a restore: the next step would begin an empty cluster, and
 * what is said of the cluster is why the restore has failed, not only that servers are lost.
 */
const canGoOn = ({ state }: Cluster): boolean =>
  quorumLost(state) === null && Object.values(state.slots).some((slot) => slot.role === 'server' && slot.joined);

function whyFailed(
  { state }: Cluster,
  { source }: RestoreState,
  { code, message, hint }: ErrorRecord,
): RestoreState['failed'] {
  const { name } = state.document.metadata;
  const lost = quorumLost(state) === null ? '' : ', and the cluster has lost its quorum';
  const next =
    source === null
      ? `keelson restore ${name} --from restores another backup; keelson retry ${name} tries this one again`
      : `keelson delete ${name} removes what was made, and keelson restore ${source.cluster} --into ${name} --from restores another backup; keelson retry ${name} tries this one again`;
  return { code, message: `${message.split('\n')[0]}; nothing was restored${lost}`, hint: `${hint}; ${next}` };
}

/** From now on the cluster is of the backup's version: what joins gets it too, and no older minor version counts as a step back. */
function takeVersion({ state }: Cluster, { k3s }: RestoredBackup): void {
  const { document } = state;
  // A pin is of the version that the document names.
  if (k3s === document.spec.k3s.version) return;
  state.document = { ...document, spec: { ...document.spec, k3s: { ...document.spec.k3s, version: k3s, sha256: {} } } };
  state.newestVersion = k3s;
}

async function rehearseOn(cluster: Cluster, slot: Slot, asked: RestoreState, backup: RestoredBackup): Promise<void> {
  const { id, sha256, size, compression } = backup;
  const files = filesOf(cluster, slot);
  const { version } = cluster.state.document.spec.k3s;
  const of = asked.source?.cluster;
  const get = (part: string) =>
    ({
      method: 'GET',
      key: `${backup.uid}/${id}.${part}`,
      of: 'backups',
      ...(of !== undefined && { cluster: of }),
    }) as const;
  const result = await runJob(cluster, slot, {
    script: 'rehearse',
    summary: `restore backup ${id} in a scratch folder`,
    params: {
      ROLE: slot.role,
      CONFIG: restoredConfig(cluster, slot),
      RESTORE_REF: asked.ref,
      TAKE_OVER: 'true',
      SHA256: sha256,
      SIZE: String(size),
      COMPRESSION: compression,
      ...releaseParams(cluster, slot),
      ...(asked.withVersion && { RESTORE_VERSION: backup.k3s }),
      ...files?.params,
      NODE_NAME: slot.nodeName,
      HOOK_SECONDS: String(hookSecondsOf(cluster.state.document, slot)),
    },
    presign: {
      ...files?.presign,
      SNAPSHOT_GET: get('snapshot'),
      TOKEN_GET: get('token'),
      AGENT_TOKEN_GET: get('agent-token'),
    },
    timeoutSeconds: REHEARSAL_SECONDS,
  });
  tookFiles(cluster, slot, files, result);
  recordInstalled(cluster.state, slot, version);
}

/**
 * The server gets what the backup holds, and is the whole cluster from then on. The other servers are no longer members and join again; agents
 * are restarted, for kubelets register at a start alone. Its step is tried until it is done: there is no way back from its middle but forward.
 */
export async function restore(cluster: Cluster, step: Step): Promise<void> {
  const { state } = cluster;
  const { document } = state;
  const asked = askedOf(cluster);
  const slot = slotOf(cluster, step.slot);
  const { backup } = asked;
  if (backup === null)
    throw failure('conflict', 'RestoreNotRehearsed', 'the backup was not rehearsed', 'it is planned again');
  state.bootstrapServer = bootstrapServerName(slot);
  const address = apiAddressOf(document, { ...state, slots: { [slot.name]: { ...slot, joined: true } } });
  invalidateObservations(cluster);
  const started = await startNode(cluster, slot, {
    script: 'restore',
    summary: `restore backup ${backup.id} and start K3s`,
    params: {
      RESTORE_REF: asked.ref,
      MARKER: backup.marker,
      // A restored cluster has the Nodes of the one that was backed up.
      CLUSTERS: [document.metadata.name, asked.source?.cluster ?? ''].join(' ').trim(),
      KEEP_NODES: Object.values(state.slots)
        .flatMap((one) => (one.instance === null ? [] : one.nodeName))
        .join(' '),
      ...(address !== null && { API_ADDRESS: address }),
    },
    presign: {
      TOKEN_PUT: { method: 'PUT', key: BUCKET_KEY.serverToken },
      AGENT_TOKEN_PUT: { method: 'PUT', key: BUCKET_KEY.agentToken },
      ...(address !== null && { KUBECONFIG_PUT }),
    },
  });
  for (const other of Object.values(state.slots))
    if (other.name !== slot.name) apply(cluster, other, superseded(asked.ref));
  state.findings = {};
  state.apiAddress = address ?? state.apiAddress;
  state.caHash = caHashIn(started.result) ?? state.caHash;
  recordInstalled(state, slot, document.spec.k3s.version);
  if (address !== null) recordPublished(state, slot, address);
  state.restore = null;
  state.backup = { ...state.backup, supersededBy: 'restore' };
  // Who restores wants the whole cluster: the limit of replacements is for what no one has asked for.
  state.repairAsked = true;
  joined(cluster, slot, started);
  slot.departing = null;
  const removed = started.result['removed'] ?? '';
  const stale = removed === '' ? '' : `; removed from Kubernetes: ${removed}`;
  emit(cluster, 'Normal', 'Restored', `the cluster is as backup ${backup.id} has it${stale}`);
}

function askedOf({ state }: Cluster): RestoreState {
  if (state.restore !== null) return state.restore;
  throw failure('conflict', 'RestoreWithdrawn', 'no restore is asked for any more', 'it is planned again');
}

const bootstrapServerName = (slot: Slot): string => `${slot.name}#${slot.generation}`;

/** That of a server which begins the cluster: K3s refuses a reset on one that has a server to join. [k3s source: pkg/cluster] */
function restoredConfig({ state }: Cluster, slot: Slot): string {
  const wanted = slotIn(state.document, slot.name);
  if (wanted === undefined || slot.instance === null)
    throw failure('conflict', 'SlotUnwanted', `${slot.name} has no instance`, 'it is planned again');
  return nodeConfigOf(
    state.document,
    { ...state, bootstrapServer: bootstrapServerName(slot) },
    wanted,
    slot,
    slot.instance,
  ).text;
}

/** etcd's data is not read by an older etcd. */
function checkVersion({ state }: Cluster, { id, k3s }: RestoredBackup): void {
  const { version } = state.document.spec.k3s;
  const [saved, own] = [parseVersion(k3s), parseVersion(version)];
  if (saved === null || own === null || saved.minor <= own.minor) return;
  throw failure(
    'invalid',
    'SnapshotTooNew',
    `backup ${id} is of K3s ${k3s}, and the cluster has ${version}: an older minor version cannot restore it`,
    'restore an older backup, set spec.k3s.version to at least that of the backup, or restore it with --with-version',
  );
}
