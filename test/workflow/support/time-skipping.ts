import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from '#src/config/search-attributes.js';
import type { StatusView } from '#src/model/status.js';
import { withoutWorkflowStacks } from '#src/worker/lean-stacks.js';
import { NO_SINKS } from '#src/worker/sinks.js';
import { findTestServer, TEST_SERVER_REMEDY } from '../../../scripts/tools/test-server.mjs';
import { PATIENCE_MS } from '../../support/patience.js';
import { installQuietRuntime } from '../../support/quiet-runtime.js';
import { builtBundle } from '../../support/workflow-bundle.js';
import type { FakeActivities } from '../fake-activities.js';
import { Handle } from '../fixture.js';
import { startTestServer, type TestServer } from './test-server.js';

export interface SkippedTime {
  client: Client;
  /** Starts a cluster that a worker with these fakes looks after. */
  start(document: unknown, name: string): Promise<Handle>;
  /** Lets so much time pass, as fast as nothing needs it. */
  pass(duration: string): Promise<void>;
  /** What the server holds to be now, in milliseconds since the epoch. */
  now(): Promise<number>;
  close(): Promise<void>;
}

/**
 * A server on which time passes only when told to, and then at once, with the real workflow code on fakes.
 *
 * @throws Error that says what to install where no such server can be had
 */
export async function openSkippedTime(fake: FakeActivities): Promise<SkippedTime> {
  installQuietRuntime();
  const { env, close: closeServer } = await openServer().catch((cause: unknown) => {
    throw new Error(`the time-skipping test server does not start: ${TEST_SERVER_REMEDY}`, { cause });
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, KEYWORD])),
  });
  const workflowBundle = await builtBundle([fileURLToPath(new URL('./early-renewal.ts', import.meta.url))]);
  const worker = await withoutWorkflowStacks(() =>
    Worker.create({
      connection: env.nativeConnection,
      taskQueue: 'keelson',
      workflowBundle,
      sinks: NO_SINKS,
      activities: fake.activities,
      shutdownForceTime: PATIENCE_MS,
    }),
  );
  const running = worker.run();
  return {
    client: env.client,
    async start(document, name) {
      const workflow = await env.client.workflow.start('cluster', {
        taskQueue: 'keelson',
        workflowId: `cluster/${name}`,
        args: [document],
      });
      return new QuietHandle(workflow, fake, name);
    },
    pass: (duration) => env.sleep(duration),
    now: () => env.currentTimeMs(),
    async close() {
      worker.shutdown();
      await running;
      await closeServer();
    },
  };
}

/** Without one that is installed the SDK fetches its own. */
async function openServer(): Promise<TestServer> {
  const path = findTestServer();
  if (path !== undefined) return await startTestServer(path);
  const env = await TestWorkflowEnvironment.createTimeSkipping();
  return { env, close: () => env.teardown() };
}

/**
 * Reads what the workflow writes to status.yaml and asks nothing: a query that meets continue-as-new is lost on this server, and the
 * clock stands still ever after. [sdk-java#1138 and its like; seen in the server's lock events]
 */
class QuietHandle extends Handle {
  constructor(
    workflow: WorkflowHandle,
    private readonly fake: FakeActivities,
    private readonly name: string,
  ) {
    super(workflow);
  }

  /** Clusters of one server share the fakes. */
  private latest(): StatusView | undefined {
    return (this.fake.statuses as StatusView[]).findLast(({ name }) => name === this.name);
  }

  override async until(holds: (status: StatusView) => boolean): Promise<StatusView> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const status = this.latest();
      if (status !== undefined && holds(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error(`never so: ${JSON.stringify(this.latest() ?? null, null, 1).slice(0, 4000)}`);
  }
}

/** `INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const KEYWORD = 2;
