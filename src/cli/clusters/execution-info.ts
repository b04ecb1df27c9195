import type { WorkflowExecutionDescription } from '@temporalio/client';

/** Temporal's own information on a workflow. It asks no worker, so that it does no harm and always answers. */
export interface ExecutionInfo {
  /** Null while it is open; else its end, such as COMPLETED or TERMINATED. */
  ended: string | null;
  /** Stays the same over continue-as-new. */
  firstRunId: string;
  /** No activity and no workflow task is under way, so no write of status.yaml either. */
  rests: boolean;
  historyLength: number;
  /** A task waits for a worker. */
  unattended: boolean;
  /** Attempts of the present workflow task. */
  taskAttempt: number;
}

/** `PENDING_ACTIVITY_STATE_SCHEDULED`: in the task queue, or until its next attempt. [temporal api: enums] */
const SCHEDULED = 1;

export function executionInfoOf(
  { raw, status, historyLength, runId }: WorkflowExecutionDescription,
  now = Date.now(),
): ExecutionInfo {
  const task = raw.pendingWorkflowTask ?? null;
  const activities = raw.pendingActivities ?? [];
  // A later attempt waits for its time, not for a worker.
  const queued = activities.some(
    ({ state, scheduledTime }) => state === SCHEDULED && Number(scheduledTime?.seconds ?? 0) * 1_000 < now,
  );
  return {
    ended: status.name === 'RUNNING' ? null : status.name,
    firstRunId: raw.workflowExecutionInfo?.firstRunId || runId,
    rests: task === null && activities.length === 0,
    historyLength,
    unattended: task !== null || queued,
    taskAttempt: task?.attempt ?? 0,
  };
}
