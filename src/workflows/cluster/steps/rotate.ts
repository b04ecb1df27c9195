import type { Presign } from '../../../activities/api.js';
import { BUCKET_KEY } from '../../../model/bucket.js';
import type { Step } from '../../../model/plan/index.js';
import { isRotated, ownerOf, type Rotation, type RotationState } from '../../../model/rotation/state.js';
import type { ClusterState, ErrorRecord, Slot } from '../../../model/state.js';
import { detailOf, errorRecordOf, failure, isCancelled } from '../../lib/errors.js';
import { runJob } from '../../lib/node-job.js';
import { type Cluster, emit, slotOf } from '../context.js';

/** Re-encrypting 5 secrets a second takes its time. [K3s docs: cli/secrets-encrypt] */
const TIMEOUT_SECONDS = 1_200;

const TOKEN_GET: Presign = { method: 'GET', key: BUCKET_KEY.serverToken };
const AGENT_TOKEN_GET: Presign = { method: 'GET', key: BUCKET_KEY.agentToken };

const TOKEN_PUT: Presign = { method: 'PUT', key: BUCKET_KEY.serverToken };
const AGENT_TOKEN_PUT: Presign = { method: 'PUT', key: BUCKET_KEY.agentToken };

/** What a start of K3s gets from the bucket. */
const TAKEN: Record<Rotation, Record<string, Presign>> = {
  token: { TOKEN_GET },
  'agent-token': { AGENT_TOKEN_GET },
  certificates: {},
  ca: { TOKEN_GET, AGENT_TOKEN_GET },
  'encryption-key': {},
};

/** Returns what a start of K3s needs to take a rotation over, or, on an agent, the token that a restore has brought back. */
export function rotationJob(
  rotation: RotationState | null,
  slot: Slot,
): {
  params: Record<string, string>;
  presign: Record<string, Presign>;
} {
  if (slot.role === 'agent' && slot.resetFor !== undefined)
    return { params: { ROTATE: 'agent-token', ROTATION_REF: slot.resetFor }, presign: { AGENT_TOKEN_GET } };
  if (rotation === null) return { params: {}, presign: {} };
  const params = { ROTATE: rotation.what, ROTATION_REF: rotation.ref };
  // K3s writes the hash of its new CA into the tokens when it starts with it: the first server to do so stores them for the others.
  if (rotation.what === 'ca' && rotation.server === ownerOf(slot))
    return { params, presign: { TOKEN_PUT, AGENT_TOKEN_PUT } };
  const { TOKEN_GET: _, ...ofAgents } = TAKEN[rotation.what];
  return { params, presign: slot.role === 'agent' ? ofAgents : TAKEN[rotation.what] };
}

/** What the server that makes it gets from the bucket and stores there. */
const URLS: Record<Rotation, Record<string, Presign>> = {
  token: {
    NEXT_GET: { method: 'GET', key: BUCKET_KEY.nextToken },
    NEXT_PUT: { method: 'PUT', key: BUCKET_KEY.nextToken },
    TOKEN_PUT,
  },
  'agent-token': { AGENT_TOKEN_PUT },
  certificates: {},
  ca: {},
  'encryption-key': {},
};

/** K3s has refused before it has changed anything. */
const REFUSED: ReadonlySet<string> = new Set(['RotationUnsupported', 'EncryptionHashesDiffer']);

/** After so many refusals by K3s Keelson gives the rotation up: no node has changed, and other requests can go on. */
const MOST_FAILURES = 3;

const isHopeless = ({ breakers }: ClusterState, code: string): boolean =>
  REFUSED.has(code) || (code === 'RotationFailed' && (breakers.rotate?.failures ?? 0) + 1 >= MOST_FAILURES);

/** One server makes what is new. What K3s refuses for good ends the rotation; all else is tried again, because it may be half done. */
export async function rotate(cluster: Cluster, step: Step): Promise<void> {
  const { state } = cluster;
  const { rotation } = state;
  const slot = slotOf(cluster, step.slot);
  if (rotation === null)
    throw failure('conflict', 'RotationWithdrawn', 'no rotation is asked for any more', 'it is planned again');
  if (rotation.what === 'encryption-key' && ![null, ownerOf(slot)].includes(rotation.server)) {
    // A second key, made without the first, would leave secrets that no one reads: all load what the datastore has.
    state.rotation = { ...rotation, ready: true };
    const lost = `${rotation.server} was lost while it made the new key`;
    emit(cluster, 'Warning', 'RotationUncertain', `${lost}: the servers load what is in the datastore; rotate again`);
    return;
  }
  state.rotation = { ...rotation, server: ownerOf(slot) };
  try {
    await runJob(cluster, slot, {
      script: 'rotate',
      summary: step.title,
      params: { ROTATE: rotation.what, ROTATION_REF: rotation.ref },
      presign: URLS[rotation.what],
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    // A restore that was asked for meanwhile brings the old secret back, and has ended the rotation.
    if (state.rotation?.ref !== rotation.ref) return;
    state.rotation = { ...rotation, server: ownerOf(slot), ready: true };
    state.backup = { ...state.backup, supersededBy: 'rotation' };
  } catch (reason) {
    const isPresent = state.rotation?.ref === rotation.ref;
    if (isCancelled(reason) || !isPresent || !isHopeless(state, detailOf(reason)?.code ?? '')) throw reason;
    const error = errorRecordOf(reason, step, state.operation?.id ?? null, 1);
    const record = state.operation?.steps.findLast((one) => one.kind === 'rotate' && one.outcome === 'running');
    if (record !== undefined) record.error = error;
    giveUpRotation(cluster, error);
  }
}

/** Nothing was changed yet: the operation ends as failed, and the cluster is as it was. */
export function giveUpRotation(cluster: Cluster, { code, message }: ErrorRecord): void {
  const { rotation } = cluster.state;
  if (rotation === null) return;
  cluster.state.rotation = null;
  cluster.control.replanRequested = true;
  emit(
    cluster,
    'Warning',
    'RotationFailed',
    `${rotation.what}: ${code}: ${message.split('\n')[0]}; nothing was changed`,
  );
}

/** Every node has it, and nothing is left to do. */
export function endRotation(cluster: Cluster): void {
  const { rotation } = cluster.state;
  if (rotation === null || !isRotated(cluster.state)) return;
  cluster.state.rotation = null;
  emit(cluster, 'Normal', 'Rotated', `${rotation.what}: every node has the new ones`);
}
