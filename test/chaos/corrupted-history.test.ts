import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fence } from '#src/activities/fence.js';
import { createActivities } from '#src/activities/index.js';
import { createBucket } from '#src/aws/bucket.js';
import { createAwsClients } from '#src/aws/clients.js';
import { installationOf } from '#src/aws/installation.js';
import { namespaceIdOf } from '#src/temporal/namespace.js';
import { withMirror } from '#src/worker/mirror.js';
import { NO_SINKS } from '#src/worker/sinks.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { installQuietRuntime } from '../support/quiet-runtime.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import type { ChaosCell } from './support/chaos-cell.js';
import { leftoversOf, newlyTwice } from './support/evidence.js';
import { type ChaosFixture, openChaosFixture } from './support/fixture.js';

let fixture: ChaosFixture;
beforeAll(async () => {
  installQuietRuntime();
  fixture = await openChaosFixture();
});
afterAll(async () => {
  await fixture.close();
});

const ONE_TIMER_MORE = fileURLToPath(new URL('./support/one-timer-more.ts', import.meta.url));

/** Works for the cell while `work` runs, by code that does one thing more than ours: no worker of ours can replay what it leaves. */
async function withOtherCode(cell: ChaosCell, work: () => Promise<void>): Promise<void> {
  const clients = createAwsClients({
    homeRegion: 'eu-west-1',
    version: 'test',
    endpoint: cell.region.url,
    credentials: CREDENTIALS.worker,
  });
  const connection = await NativeConnection.connect({ address: cell.env['TEMPORAL_ADDRESS'] ?? '' });
  const activities = createActivities({
    mirrors: null,
    clients,
    namespaceId: namespaceIdOf(new Client({ connection })),
    fence: new Fence(),
    bucket: cell.bucket.name,
    installation: installationOf(createBucket(clients, cell.bucket.name), cell.env['KEELSON_INSTALLATION'] ?? null),
    logger: pino({ level: 'silent' }),
    defaultInstanceProfile: cell.env['KEELSON_INSTANCE_PROFILE'] ?? null,
  });
  try {
    const worker = await Worker.create({
      connection,
      taskQueue: cell.taskQueue,
      sinks: NO_SINKS,
      activities: withMirror(activities, cell.env['KEELSON_K3S_MIRROR'] ?? null),
      workflowBundle: await workflowBundle([ONE_TIMER_MORE]),
    });
    await worker.runUntil(work);
  } finally {
    clients.destroy();
    await connection.close();
  }
}

describe('a history that no worker can replay any more', () => {
  it('is terminated, and apply goes on with the cluster as it is', async () => {
    // Prepare
    const cell = await fixture.openCell();
    await cell.worker.stop();
    const cluster = fixture.newCluster(cell, 'dev');
    await withOtherCode(cell, () => cluster.create());
    await cell.startWorker();
    const before = cell.region.world.record.launches.length;
    const { handle } = cluster;
    await handle.signal('reconcile', { reason: 'a test' });
    await expect
      .poll(async () => (await handle.describe()).raw.pendingWorkflowTask?.attempt ?? 0)
      .toBeGreaterThanOrEqual(2);

    // Act
    await handle.terminate('its history is corrupted');
    await cluster.apply({});

    // Assess
    expect(cell.region.world.record.launches).toHaveLength(before);
    expect(await newlyTwice(cell)).toEqual({ duplicates: [], scriptsTwice: [] });
    await cluster.apply({ agents: 1 });
    await cluster.delete();
    expect(await leftoversOf(cell, cluster.name)).toEqual([]);
  });
});
