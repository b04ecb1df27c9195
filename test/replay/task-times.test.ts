import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import proto from '@temporalio/proto';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { beforeAll, describe, it } from 'vitest';
import { NO_SINKS } from '#src/worker/sinks.js';
import { installQuietRuntime } from '../support/quiet-runtime.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import { decodeHistory } from './format.js';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
/** Whole lives of clusters: the other histories are their beginnings. */
const LIVES = [
  ['create-dev.pb.gz', 'cluster/dev'],
  ['delete.pb.gz', 'cluster/ha'],
] as const;

const { EVENT_TYPE_WORKFLOW_TASK_STARTED } = proto.temporal.api.enums.v1.EventType;

/** The history as a worker sees it that takes each workflow task for the one before, which it does after a worker was killed. [docs/adr/0079] */
function withTimesOfTasksBefore(name: string): History {
  const history = decodeHistory(readFileSync(`${folder}${name}`));
  const tasks = (history.events ?? []).filter(({ eventType }) => eventType === EVENT_TYPE_WORKFLOW_TASK_STARTED);
  const times = tasks.map(({ eventTime }) => eventTime ?? null);
  for (const [index, task] of tasks.entries()) task.eventTime = times[Math.max(0, index - 1)] ?? null;
  return history;
}

let bundle: WorkflowBundle;
beforeAll(async () => {
  installQuietRuntime();
  bundle = await workflowBundle();
});

describe('what a workflow does', () => {
  it.each(LIVES)('depends on no time that differs between workers: %s', async (name, workflowId) => {
    await Worker.runReplayHistory(
      { workflowBundle: bundle, sinks: NO_SINKS },
      withTimesOfTasksBefore(name),
      workflowId,
    );
  });
});
