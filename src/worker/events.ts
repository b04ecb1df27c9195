import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { WorkflowNotifier } from '../activities/watch/workflow-notifier.js';
import { createBucket } from '../aws/bucket.js';
import type { AwsClients } from '../aws/clients.js';
import type { InstallationSource } from '../aws/installation.js';
import { regionOfQueue } from '../aws/region-names.js';
import type { WorkerEnvironment } from '../config/environment.js';
import { type Bridge, startBridge } from '../events/bridge.js';
import { ConfigEvents } from '../events/config-event.js';
import { InstanceEvents } from '../events/instance-event.js';
import type { Places } from '../temporal/workflow-notifier.js';
import { readersByAccount } from './readers-by-account.js';

/**
 * Reads the queue of events, if the environment names one.
 *
 * @param isInContact whether Temporal has answered recently; otherwise it takes no event, because it could not handle one
 */
export function readEvents(
  environment: WorkerEnvironment,
  clients: AwsClients,
  client: Client,
  workflowNotifier: WorkflowNotifier & Pick<Places, 'roleIn'>,
  installation: InstallationSource,
  logger: Logger,
  isInContact: () => boolean,
): Bridge | null {
  const { eventsQueueUrl: queueUrl, taskQueue, homeRegion, bucket: bucketName } = environment;
  if (queueUrl === null) return null;
  const instances = new InstanceEvents(readersByAccount(clients, workflowNotifier), workflowNotifier, installation);
  const configs = new ConfigEvents(client, taskQueue, createBucket(clients, bucketName));
  return startBridge({
    sqs: clients.sqs(regionOfQueue(queueUrl) ?? homeRegion),
    queueUrl,
    logger,
    isReady: isInContact,
    handle: async (event) => {
      if (event.kind === 'instance') {
        const cluster = await instances.handle(event);
        if (cluster !== null)
          logger.info({ cluster, instanceId: event.instanceId, state: event.state }, 'told by event');
        return;
      }
      // The queue may serve other buckets, too.
      if (event.bucket !== bucketName) return;
      const outcome = await configs.handle(event.cluster);
      logger.info({ cluster: event.cluster, outcome }, 'config.yaml was put into the bucket');
    },
  });
}
