import type { WorkflowExecutionDescription } from '@temporalio/client';

/** What Temporal itself tells of a workflow. No worker is asked for it, so that it does no harm and always answers. */
export interface Life {
  /** Null while it is open; else how it ended, such as COMPLETED or TERMINATED. */
  ended: string | null;
  /** Stays the same when a long history is renewed. */
  firstRunId: string;
  /** Nothing is under way: no activity, no workflow task, so no write of status.yaml either. */
  rests: boolean;
  historyLength: number;
  /** Something waits for a worker. */
  unattended: boolean;
  /** How often the workflow task under way has been tried. */
  taskAttempt: number;
}

/** `PENDING_ACTIVITY_STATE_SCHEDULED`: in the task queue, or until its next attempt. [temporal api: enums] */
const SCHEDULED = 1;

export function lifeOf({ raw, status, historyLength, runId }: WorkflowExecutionDescription, now = Date.now()): Life {
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
