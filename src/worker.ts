#!/usr/bin/env node
import './config/quiet-aws.js';
import { Client } from '@temporalio/client';
import { Runtime, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { Fence } from './activities/fence.js';
import { createActivities } from './activities/index.js';
import { eventBridge, sns } from './activities/notify/aws-channels.js';
import { type Channel, slack, webhook } from './activities/notify/channels.js';
import { StatusHolds } from './activities/status-holds.js';
import { createBucket } from './aws/bucket.js';
import { type AwsCall, createAwsClients } from './aws/clients.js';
import { detailOf } from './aws/failure.js';
import { installationOf, isInstallationUnknown } from './aws/installation.js';
import { EnvironmentError, readWorkerEnvironment, type WorkerEnvironment } from './config/environment.js';
import { packageVersion } from './config/version.js';
import type { Bridge } from './events/bridge.js';
import { encryption } from './temporal/encrypted-failures.js';
import { namespaceIdOf } from './temporal/namespace.js';
import { createWatches } from './temporal/watches.js';
import { createWorkflowNotifier } from './temporal/workflow-notifier.js';
import { withAllowed } from './worker/allowed.js';
import { connectPatiently } from './worker/connect.js';
import { keepContact } from './worker/contact.js';
import { readEvents } from './worker/events.js';
import { keepHealthFile } from './worker/health-file.js';
import { keepWatches } from './worker/keep-watches.js';
import { keepHeapLean } from './worker/lean-heap.js';
import { withoutWorkflowStacks } from './worker/lean-stacks.js';
import { withLeanThreads } from './worker/lean-threads.js';
import { createLogger } from './worker/logging.js';
import { awsCallMetrics } from './worker/metrics/aws-calls.js';
import { createEmf } from './worker/metrics/emf.js';
import { keepFleetMetrics } from './worker/metrics/fleet.js';
import { withMirror } from './worker/mirror.js';
import { resultTimeInterceptor } from './worker/result-time.js';
import { installRuntime } from './worker/runtime.js';
import { scopeInterceptor } from './worker/scope-interceptor.js';
import { sinksOf } from './worker/sinks.js';
import { createTracing, NO_TRACING, type Tracing } from './worker/tracing/index.js';
import { MOST_CALL_MS, TUNING } from './worker/tuning.js';
import { mostCachedWorkflows } from './worker/workflow-cache.js';

/** The worker, bundled to dist/bin/worker.js: it is put together here. It has the CLI's exit codes. */
async function main(): Promise<number> {
  let environment: WorkerEnvironment;
  try {
    environment = await readWorkerEnvironment(process.env);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  const logger = createLogger(environment.logLevel);
  installRuntime(logger, environment);
  try {
    return await serve(environment, logger);
  } catch (error) {
    if (isInstallationUnknown(error)) {
      process.stderr.write(`${error.message} (${detailOf(error).hint})\n`);
      return 2;
    }
    logger.fatal({ err: error, address: environment.temporal.address }, 'the worker cannot go on');
    return 5;
  }
}

function channelsOf({ notify }: WorkerEnvironment): Channel[] {
  return [
    ...(notify.webhook === null ? [] : [webhook(notify.webhook, notify.token)]),
    ...(notify.slack === null ? [] : [slack(notify.slack)]),
    ...(notify.snsTopic === null ? [] : [sns(notify.snsTopic)]),
    ...(notify.eventBus === null ? [] : [eventBridge(notify.eventBus)]),
  ];
}

/** Loads the libraries only if there is a collector. */
async function tracingOf({ otlpTraces }: WorkerEnvironment, version: string, logger: Logger): Promise<Tracing> {
  if (otlpTraces === null) return NO_TRACING;
  const { createProvider } = await import('./worker/tracing/provider.js');
  return createTracing(createProvider(otlpTraces, version, logger));
}

async function serve(environment: WorkerEnvironment, logger: Logger): Promise<number> {
  const { temporal, taskQueue, homeRegion, healthFile } = environment;
  const version = packageVersion();
  const connection = await connectPatiently(temporal, logger);
  const fence = new Fence();
  fence.watch();
  const { metricMeter } = Runtime.instance();
  const tracing = await tracingOf(environment, version, logger);
  const count = awsCallMetrics(metricMeter);
  const onCall = (call: AwsCall): void => {
    count(call);
    tracing.onCall(call);
  };
  const clients = createAwsClients({ homeRegion, version, beforeSend: fence.pass, onCall });
  const { dataConverter, workflowBundle } = encryption(
    environment.payloadKeys,
    new URL('../workflow-bundle.js', import.meta.url),
    new URL('../temporal/failures.cjs', import.meta.url),
  );
  const client = new Client({ connection, namespace: temporal.namespace, dataConverter });
  const workflowNotifier = createWorkflowNotifier(client, taskQueue);
  const mirrors = { allowed: environment.allowedMirrors, site: environment.k3sMirror };
  const installation = installationOf(createBucket(clients, environment.bucket), environment.installation);
  // Reported at the start and not by the first cluster; each call shows whether AWS answers.
  await installation().catch((error: unknown) => {
    if (isInstallationUnknown(error)) throw error;
  });
  const statusHolds = new StatusHolds();
  let bridge: Bridge | null = null;
  const activities = createActivities({
    clients,
    workflowNotifier,
    fence,
    installation,
    namespaceId: namespaceIdOf(client),
    bucket: environment.bucket,
    logger,
    defaultInstanceProfile: environment.instanceProfile,
    mirrors,
    channels: channelsOf(environment),
    statusHolds,
    events: () => bridge?.problem(),
    ...(environment.backupPartBytes !== null && { partBytes: environment.backupPartBytes }),
  });
  const createWorker = () =>
    Worker.create({
      ...TUNING,
      maxCachedWorkflows: mostCachedWorkflows(),
      connection,
      namespace: temporal.namespace,
      taskQueue,
      dataConverter,
      workflowBundle,
      activities: withAllowed(withMirror(activities, environment.k3sMirror, mirrors), {
        images: environment.allowedImages,
        vpcs: environment.allowedVpcs,
        securityGroups: environment.allowedSecurityGroups,
      }),
      interceptors: { activity: [resultTimeInterceptor, scopeInterceptor, tracing.activities] },
      sinks: sinksOf(tracing, statusHolds),
    });
  const worker = await withLeanThreads(
    () => withoutWorkflowStacks(createWorker),
    MOST_CALL_MS,
    () => {
      logger.fatal('a call into a workflow does not return');
      process.abort();
    },
  );
  const endLeanHeap = keepHeapLean();
  const endContact = keepContact(connection, fence.asks);
  const endWatches = keepWatches(createWatches(client, workflowNotifier), logger);
  const emf = environment.metricsEmf ? createEmf((line) => process.stdout.write(line)) : null;
  const endFleet = keepFleetMetrics(client, metricMeter, emf, logger);
  // Ends when a signal (SIGTERM, SIGINT) has drained it.
  const running = worker.run();
  const stopBeating = healthFile === null ? null : keepHealthFile(healthFile, () => worker.getState() === 'RUNNING');
  bridge = readEvents(environment, clients, client, workflowNotifier, installation, logger, fence.isInContact);
  logger.info(
    { version, taskQueue, address: temporal.address, namespace: temporal.namespace, bucket: environment.bucket },
    'the worker polls',
  );
  try {
    await running;
  } finally {
    stopBeating?.();
    endLeanHeap();
    endContact();
    endWatches();
    endFleet();
    await bridge?.stop();
    await tracing.close().catch((error: unknown) => logger.warn({ err: error }, 'the last spans were not sent'));
    clients.destroy();
    await connection.close();
  }
  logger.info('the worker has drained');
  return 0;
}

process.exitCode = await main();
