import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { CombinedWorkerRunError, NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Activities } from '#src/activities/api.js';
import { INTERCEPTORS } from '#src/cli/clusters/interceptors.js';
import { workflowIdOf } from '#src/model/execution.js';
import type { StatusView } from '#src/model/status.js';
import { withoutWorkflowStacks } from '#src/worker/lean-stacks.js';
import { NO_SINKS, sinksOf } from '#src/worker/sinks.js';
import { NO_TRACING } from '#src/worker/tracing/index.js';
import { createChildren } from '../../packages/local-stack/src/children.js';
import { startTemporal } from '../../packages/local-stack/src/temporal.js';
import { nextLook, PATIENCE_MS } from '../support/patience.js';
import { installQuietRuntime } from '../support/quiet-runtime.js';
import { builtBundle } from '../support/workflow-bundle.js';
import { FakeActivities } from './fake-activities.js';

/** Of tests that run side by side: all their clusters have one name, and with it one workflow id. vitest runs at most five. */
const NAMESPACES = ['side-1', 'side-2', 'side-3', 'side-4', 'side-5'];

export interface WorkflowFixture {
  /** A worker with fakes of its own, on a task queue of its own, in a namespace that no other test uses meanwhile. */
  withWorker<T>(
    body: (tools: {
      client: Client;
      fake: FakeActivities;
      taskQueue: string;
      start: (document: unknown) => Promise<Handle>;
      /** Replays the history so far. @throws ReplayError when the workflow's code does something else than it did */
      replay: (cluster: Handle) => Promise<void>;
    }) => Promise<T>,
    options?: Pick<WorkerOptions, 'maxCachedWorkflows'>,
  ): Promise<T>;
  close(): Promise<void>;
}

export class Handle {
  constructor(readonly workflow: WorkflowHandle) {}

  status(): Promise<StatusView> {
    return this.workflow.query<StatusView>('status');
  }

  /**
   * Polls the status query until it holds; the query is the only thing that people have too. Its time is less than that of a test
   * (vitest.config.ts), so that what held is in the message and not only that the time was over.
   */
  async until(holds: (status: StatusView) => boolean): Promise<StatusView> {
    const began = performance.now();
    while (performance.now() < began + PATIENCE_MS) {
      const status = await this.status();
      if (holds(status)) return status;
      await nextLook(began);
    }
    throw new Error(await this.whatHolds());
  }

  /** For the message of a failed test: a log that keeps only its end still tells what the cluster waited for. */
  private async whatHolds(): Promise<string> {
    const [status, events, description] = await Promise.all([this.status(), this.events(), this.workflow.describe()]);
    const pending = (description.raw.pendingActivities ?? []).map(
      ({ activityType, state, attempt, lastFailure }) =>
        `${activityType?.name} state ${state} attempt ${attempt} ${lastFailure?.message ?? ''}`,
    );
    const { phase, health, operation, waiting, lastError, operations } = status;
    const brief = { phase, health, operation, waiting, lastError, operations: operations.slice(-2), pending };
    const told = events.slice(-12).map(({ reason, message }) => `${reason}: ${message}`);
    return `never so within ${PATIENCE_MS} ms: ${JSON.stringify({ ...brief, events: told }, null, 1).slice(0, 6_000)}`;
  }

  /** Until the latest desired state is carried out. */
  settled(phase: StatusView['phase']): Promise<StatusView> {
    return this.until(
      (status) =>
        status.phase === phase && status.operation === null && status.observedGeneration === status.specGeneration,
    );
  }

  /** Until it was measured as a whole, and nothing is wrong: the first observation follows each operation. */
  healthy(): Promise<StatusView> {
    return this.until((status) => status.operation === null && status.health === 'Healthy');
  }

  async events(): Promise<{ reason: string; message: string }[]> {
    return this.workflow.query('events');
  }

  /** Until it is well, and what it looks at and writes after an operation is done: what comes then is of the test. */
  async atRest(): Promise<StatusView> {
    await this.healthy();
    await this.waitsFor();
    return this.status();
  }

  /** Until nothing but these activities is due or under way. */
  async waitsFor(...names: (keyof Activities)[]): Promise<void> {
    const began = performance.now();
    while (performance.now() - began < PATIENCE_MS) {
      const { pendingActivities, pendingWorkflowTask } = (await this.workflow.describe()).raw;
      const pending = (pendingActivities ?? []).map(({ activityType }) => activityType?.name).sort();
      if (pendingWorkflowTask == null && pending.join() === [...names].sort().join()) return;
      await nextLook(began);
    }
    throw new Error(await this.whatHolds());
  }

  async historyLength(): Promise<number> {
    return (await this.workflow.fetchHistory()).events?.length ?? 0;
  }
}

/** A test that fails, and a worker that does not end after it: what the test says is the cause. */
function tellTheFirst(error: unknown): never {
  throw error instanceof CombinedWorkerRunError ? error.cause.innerError : error;
}

/** A real Temporal server with the real workflow code; only the activities are fakes. */
export async function openWorkflowFixture(extraArgs: readonly string[] = []): Promise<WorkflowFixture> {
  installQuietRuntime();
  const dir = mkdtempSync(join(tmpdir(), 'keelson-workflow-'));
  const children = createChildren();
  const server = await startTemporal(children, process.env, {
    dir,
    ui: false,
    usualPorts: false,
    extraArgs: [...extraArgs, ...NAMESPACES.flatMap((name) => ['--namespace', name])],
  });
  const connection = await Connection.connect({ address: server.address, interceptors: INTERCEPTORS });
  const native = await NativeConnection.connect({ address: server.address });
  const free = [...NAMESPACES];
  const workflowBundle = await builtBundle();
  let queues = 0;
  return {
    async withWorker(body, options = {}) {
      const namespace = free.shift();
      if (namespace === undefined) throw new Error('more tests run side by side than there are namespaces');
      const client = new Client({ connection, namespace });
      const fake = new FakeActivities();
      queues += 1;
      const taskQueue = `keelson-${queues}`;
      const worker = await withoutWorkflowStacks(() =>
        Worker.create({
          connection: native,
          namespace,
          taskQueue,
          workflowBundle,
          sinks: sinksOf(NO_TRACING, fake.holds),
          activities: fake.activities,
          // What is cut off by it ends with `Workflow execution context should have been disposed first`, which hides its own error. [@temporalio/worker 1.24: worker.ts, run]
          shutdownForceTime: PATIENCE_MS,
          ...options,
        }),
      );
      return worker
        .runUntil(async () => {
          const started: WorkflowHandle[] = [];
          const replay = async ({ workflow }: Handle): Promise<void> =>
            Worker.runReplayHistory(
              { workflowBundle, sinks: NO_SINKS },
              await workflow.fetchHistory(),
              workflow.workflowId,
            );
          const start = async (document: unknown): Promise<Handle> => {
            const workflow = await client.workflow.start('cluster', {
              taskQueue,
              workflowId: workflowIdOf('demo'),
              args: [document],
            });
            started.push(workflow);
            return new Handle(workflow);
          };
          try {
            return await body({ client, fake, taskQueue, start, replay });
          } finally {
            fake.end();
            for (const workflow of started) await workflow.terminate('the test is over').catch(() => undefined);
            free.push(namespace);
          }
        })
        .catch(tellTheFirst);
    },
    async close() {
      await native.close();
      await connection.close();
      await children.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A document as people write it. */
export function written(spec: Record<string, unknown> = {}, name = 'demo'): Record<string, unknown> {
  return {
    apiVersion: 'keelson/v1',
    kind: 'Cluster',
    metadata: { name },
    spec: {
      region: 'eu-west-1',
      mode: 'ha',
      servers: { instanceType: 't3.medium' },
      k3s: { version: 'v1.34.2+k3s1' },
      ...spec,
    },
  };
}
