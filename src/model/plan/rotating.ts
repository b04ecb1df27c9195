import { backupServer } from '../backup/server.js';
import type { ClusterState } from '../state.js';
import { BACKUP_TITLE, type PlanBuilder } from './steps.js';

/**
 * What comes before the first node takes a rotation over: a backup, for a rotation that goes wrong in the middle "can leave the cluster permanently
 * corrupted". [K3s docs: cli/secrets-encrypt] The restarts are planned as changes, behind the same gate, and nodes that are lost meanwhile as ever.
 *
 * @param before ids of steps that it waits for: new and stopped nodes come up first
 * @returns ids of the steps that the first restart waits for
 */
export function planRotation(plan: PlanBuilder, state: ClusterState, before: string[]): string[] {
  const { rotation } = state;
  if (rotation === null || rotation.backup !== null) return before;
  const taken = plan.steps.filter(({ kind }) => kind === 'backup').map(({ id }) => id);
  const server = backupServer(state);
  if (taken.length > 0 || server === null) return [...before, ...taken];
  const reason = `${rotation.what} are about to be rotated`;
  return [
    plan.add({ kind: 'backup', slot: server.name, phase: 'Updating', after: before, title: BACKUP_TITLE, reason }),
  ];
}
