import { condition, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/api.js';
import { deleteBackupsSignal } from './messages.js';

const { removeBackups } = proxyActivities<Activities>({
  startToCloseTimeout: '10m',
  scheduleToCloseTimeout: '1h',
  heartbeatTimeout: '30s',
});

export interface KeptBackupsInput {
  cluster: string;
  uid: string;
  region: string;
  /** ISO 8601. */
  until: string;
}

/**
 * Deletes the backups of a cluster that was deleted, when their time has come, or someone asks for it (`deleteNow`). A workflow of its own, so that no
 * sweep has to run for clusters that are gone: a timer costs nothing while it waits. Without it, backups stay.
 */
export async function keptBackups({ until, ...backups }: KeptBackupsInput): Promise<{ removed: number }> {
  let now = false;
  const deleteNow = (): void => {
    now = true;
  };
  setHandler(deleteBackupsSignal, deleteNow, { description: 'Delete the backups now. {}' });
  await condition(() => now, Math.max(1, Date.parse(until) - Date.now()));
  return await removeBackups({ ...backups, operation: 'kept-backups', traceId: workflowInfo().runId });
}
