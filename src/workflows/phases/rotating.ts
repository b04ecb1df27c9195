import type { Presign } from '../../activities/api.js';
import { isRotated, type RotationState } from '../../model/rotation/state.js';
import type { ErrorRecord } from '../../model/state.js';
import { type Cluster, emit } from '../cluster-context.js';

/** What a start of K3s needs to take a rotation over. */
export function rotationJob(rotation: RotationState | null): {
  params: Record<string, string>;
  presign: Record<string, Presign>;
} {
  if (rotation === null) return { params: {}, presign: {} };
  return { params: { ROTATE: rotation.what, ROTATION_REF: rotation.ref }, presign: {} };
}

/** Nothing was changed yet: the operation ends as failed, and the cluster is as it was. */
export function giveUpRotation(cluster: Cluster, { code, message }: ErrorRecord): void {
  const { rotation } = cluster.state;
  if (rotation === null) return;
  cluster.state.rotation = null;
  cluster.replan = true;
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
