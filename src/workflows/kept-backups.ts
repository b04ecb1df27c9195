import { condition, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/api.js';
import { deleteBackupsSignal } from './cluster/messages.js';
import { answerCallStack } from './lib/call-stack.js';
import { take } from './lib/result-time.js';

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
 * Deletes the backups of a deleted cluster when their time has come, or when someone asks for it (`deleteNow`). A separate workflow needs
 * no sweep for clusters that are gone: a timer costs nothing while it waits. Without it, backups stay.
 */
export async function keptBackups({ until, ...backups }: KeptBackupsInput): Promise<{ removed: number }> {
  answerCallStack(() => [`It waits until ${until}, and then deletes the backups.`]);
  let now = false;
  const deleteNow = (): void => {
    now = true;
  };
  setHandler(deleteBackupsSignal, deleteNow, { description: 'Delete the backups now. {}' });
  await condition(() => now, Math.max(1, Date.parse(until) - Date.now()));
  return take(await removeBackups({ ...backups, operation: 'kept-backups', traceId: workflowInfo().runId }));
}
