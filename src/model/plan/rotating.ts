import { backupServer } from '../backup/server.js';
import type { WantedSlot } from '../ids.js';
import { ownerOf, type RotationState, termsOf } from '../rotation/state.js';
import type { ClusterState, Slot } from '../state.js';
import { BACKUP_TITLE, type PlanBuilder } from './steps.js';
import { witnesses } from './wanted.js';

/**
 * Plans what comes before the first node takes a rotation over. A backup, because a rotation that fails half-way "can leave the cluster
 * permanently corrupted" [K3s docs: cli/secrets-encrypt]; then one server makes the new secret. The restarts are planned as changes, behind
 * the same gate, and nodes lost meanwhile as usual.
 *
 * @param before ids of steps that it waits for: new and stopped nodes come up first
 * @returns ids of the steps that the first restart waits for
 */
export function planRotation(plan: PlanBuilder, state: ClusterState, before: string[]): string[] {
  const { rotation } = state;
  if (rotation === null) return before;
  const common = { phase: 'Updating', reason: rotationReason(rotation) } as const;
  let last = before;
  const saver = rotation.backup === null ? backupServer(state) : null;
  const saved = plan.steps.filter(({ kind }) => kind === 'backup').map(({ id }) => id);
  if (saver !== null && saved.length === 0)
    last = [plan.add({ ...common, kind: 'backup', slot: saver.name, after: last, title: BACKUP_TITLE })];
  else last = [...last, ...saved];
  const maker = rotation.ready ? null : makerOf(state);
  if (maker === null) return last;
  const title = `make the new ${termsOf(rotation).name}`;
  return [plan.add({ ...common, kind: 'rotate', slot: maker.name, after: last, title })];
}

export const rotationReason = ({ what }: RotationState): string => `a rotation was asked for: ${what}`;

/**
 * Returns the servers in the order in which they take the rotation over: the one that has made the secret is the first. [K3s docs:
 * cli/secrets-encrypt]
 */
export function inOrder(state: ClusterState, servers: readonly WantedSlot[]): readonly WantedSlot[] {
  const { rotation } = state;
  if (rotation === null || rotation.what === 'certificates') return servers;
  const maker = servers.find(({ name }) => {
    const slot = state.slots[name];
    return slot !== undefined && rotation.server === ownerOf(slot);
  });
  const first = maker?.name ?? makerOf(state)?.name;
  return [...servers].sort((a, b) => Number(b.name === first) - Number(a.name === first));
}

/** Returns the server that has begun to make the secret, while it serves; else the one that others join at. */
function makerOf(state: ClusterState): Slot | null {
  const serving = witnesses(state, Object.values(state.slots));
  return serving.find((slot) => ownerOf(slot) === state.rotation?.server) ?? serving[0] ?? null;
}
