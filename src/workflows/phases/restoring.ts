import { BUCKET_KEY } from '../../model/bucket.js';
import { forgetFindings } from '../../model/care/findings.js';
import { slotsOf } from '../../model/ids.js';
import { recordInstalled } from '../../model/k3s/installed.js';
import { parseVersion } from '../../model/k3s/version.js';
import type { Step } from '../../model/plan/index.js';
import { lostInstance } from '../../model/plan/lost-instance.js';
import { apiAddressOf, nodeConfigOf } from '../../model/plan/wanted.js';
import type { RestoredBackup, RestoreState } from '../../model/restore/state.js';
import type { Slot } from '../../model/state.js';
import { activities } from '../activities.js';
import {
  type Cluster,
  classOf,
  detailOf,
  emit,
  errorRecordOf,
  failure,
  isCancelled,
  scopeOf,
  slotOf,
} from '../cluster-context.js';
import { touched } from '../look.js';
import { runJob } from '../node-job.js';
import { hookSecondsOf, startNode } from '../start-node.js';
import { caHashIn, joined, KUBECONFIG_PUT } from './configuring.js';
import { releaseParams } from './installing.js';
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
]);

/**
 * Restores the backup in a scratch folder of the server. When it cannot be restored the restore has failed, its operation ends, and the cluster is as
 * it was: nothing was taken from anyone but this server's K3s, which runs again.
 */
export async function rehearse(cluster: Cluster, step: Step): Promise<void> {
  const { state } = cluster;
  const asked = askedOf(cluster);
  const slot = slotOf(cluster, step.slot);
  try {
    const backup = await activities.findBackup('find the backup', { ...scopeOf(cluster), id: asked.from });
    checkVersion(cluster, backup);
    touched(cluster);
    await rehearseOn(cluster, slot, asked, backup);
    slot.service = 'stopped';
    state.restore = { ...asked, backup, rehearsedOn: { slot: slot.name, instanceId: slot.instance?.id ?? '' } };
    emit(cluster, 'Normal', 'RestoreRehearsed', `backup ${backup.id} can be restored; it is being restored now`);
  } catch (reason) {
    const code = detailOf(reason)?.code ?? '';
    if (isCancelled(reason) || !(classOf(reason) === 'invalid' || HOPELESS.has(code))) throw reason;
    const error = errorRecordOf(reason, step, state.operation?.id ?? null, 1);
    const record = state.operation?.steps.findLast((one) => one.kind === 'rehearse' && one.outcome === 'running');
    if (record !== undefined) record.error = error;
    state.restore = null;
    cluster.replan = true;
    emit(cluster, 'Warning', 'RestoreFailed', `${error.code}: ${error.message.split('\n')[0]}; nothing was restored`);
  }
}

async function rehearseOn(cluster: Cluster, slot: Slot, asked: RestoreState, backup: RestoredBackup): Promise<void> {
  const { id, sha256, size, compression } = backup;
  const files = filesOf(cluster, slot);
  const get = (part: string) => ({ method: 'GET', key: `${backup.uid}/${id}.${part}`, of: 'backups' }) as const;
  const result = await runJob(cluster, slot, {
    script: 'rehearse',
    summary: `restore backup ${id} in a scratch folder`,
    params: {
      ROLE: slot.role,
      CONFIG: restoredConfig(cluster, slot),
      RESTORE_REF: asked.ref,
      SHA256: sha256,
      SIZE: String(size),
      COMPRESSION: compression,
      ...releaseParams(cluster, slot),
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
  tookFiles(cluster, slot, result);
  recordInstalled(cluster.state, slot, cluster.state.document.spec.k3s.version);
}

/**
 * The server gets what the backup holds, and is the whole cluster from then on. The other servers are no members any more and join again; agents
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
  state.founder = founderName(slot);
  const address = apiAddressOf(document, { ...state, slots: { [slot.name]: { ...slot, joined: true } } });
  touched(cluster);
  const started = await startNode(cluster, slot, {
    script: 'restore',
    summary: `restore backup ${backup.id} and start K3s`,
    params: {
      RESTORE_REF: asked.ref,
      MARKER: backup.marker,
      CLUSTER: document.metadata.name,
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
  for (const other of Object.values(state.slots)) if (other.name !== slot.name) leave(cluster, other, asked.ref);
  state.findings = {};
  state.apiAddress = address ?? state.apiAddress;
  state.caHash = caHashIn(started.result) ?? state.caHash;
  state.restore = null;
  // Who restores wants the whole cluster: the limit of replacements is for what no one has asked for.
  state.repairAsked = true;
  joined(cluster, slot, started);
  const removed = started.result['removed'] ?? '';
  const stale = removed === '' ? '' : `; removed from Kubernetes: ${removed}`;
  emit(cluster, 'Normal', 'Restored', `the cluster is as backup ${backup.id} has it${stale}`);
}

/** What a node is after the cluster that it knew was replaced. */
function leave(cluster: Cluster, slot: Slot, ref: string): void {
  const { state } = cluster;
  if (slot.instance === null) {
    state.slots = { ...state.slots, [slot.name]: { ...lostInstance(slot), joined: false } };
    return;
  }
  slot.configHash = null;
  slot.nodeLabels = null;
  state.findings = forgetFindings(state.findings, slot.name);
  if (slot.role === 'agent') return;
  slot.joined = false;
  slot.service = 'stopped';
  slot.resetFor = ref;
}

function askedOf({ state }: Cluster): RestoreState {
  if (state.restore !== null) return state.restore;
  throw failure('conflict', 'RestoreWithdrawn', 'no restore is asked for any more', 'it is planned again');
}

const founderName = (slot: Slot): string => `${slot.name}#${slot.generation}`;

/** That of a server which begins the cluster: K3s refuses a reset on one that has a server to join. [k3s source: pkg/cluster] */
function restoredConfig({ state }: Cluster, slot: Slot): string {
  const wanted = slotsOf(state.document).find((one) => one.name === slot.name);
  if (wanted === undefined || slot.instance === null)
    throw failure('conflict', 'SlotUnwanted', `${slot.name} has no instance`, 'it is planned again');
  return nodeConfigOf(state.document, { ...state, founder: founderName(slot) }, wanted, slot, slot.instance).text;
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
    'restore an older backup, or set spec.k3s.version to at least that of the backup',
  );
}
