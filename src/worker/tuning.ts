import type { WorkerOptions } from '@temporalio/worker';

/** The SDK takes it and has it in no type. */
interface Unexposed {
  isolateExecutionTimeout: string;
}

/** For one call into a workflow; then it is taken for one that never returns. */
export const MOST_CALL_MS = 120_000;

/**
 * Tuned for latency: a cluster should wait for AWS and its nodes, never for a free slot or poller.
 *
 * - Most activities sleep between two polls of AWS, so a slot costs next to nothing: enough for the creation of a hundred clusters of ten
 * nodes at once.
 * - After a crash the server waits for the dead worker's sticky queue before it asks another one: kept short.
 * - A heartbeat carries a command's id and brings back a cancellation: one a second instead of the default minute. How often an activity
 * has one is decided by its heartbeat time-out (workflows/lib/activities.ts): what a quiet cluster asks has fewer.
 * - A workflow task of a large cluster on a starved machine takes seconds, and its history brings the same load to each worker that takes it over. After its time-out of
 * 10 s Temporal offers it again. The SDK's own limit for one activation, 5 s by default, does not fail the task: V8 ends the code between two hooks of promises, and Node
 * aborts the whole process. ["async hook stack has become corrupted", measured on Node 20 with 200 nodes; node: AsyncHooks::FailWithCorruptedAsyncStack]
 * - A drain lets short AWS calls finish, then cancels those that only wait (another worker continues them), and ends within the 30 s that
 * Kubernetes and Docker allow.
 */
export const TUNING = {
  maxConcurrentActivityTaskExecutions: 1_000,
  maxConcurrentWorkflowTaskExecutions: 100,
  workflowTaskPollerBehavior: { type: 'autoscaling', minimum: 5, initial: 10, maximum: 50 },
  activityTaskPollerBehavior: { type: 'autoscaling', minimum: 5, initial: 10, maximum: 100 },
  stickyQueueScheduleToStartTimeout: '3s',
  isolateExecutionTimeout: `${MOST_CALL_MS}ms`,
  maxHeartbeatThrottleInterval: '1s',
  defaultHeartbeatThrottleInterval: '1s',
  shutdownGraceTime: '5s',
  shutdownForceTime: '25s',
} as const satisfies Partial<WorkerOptions> & Unexposed;
