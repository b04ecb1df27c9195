/** What Keelson needs of SSM, SQS, SNS, EventBridge and the roles of instances; see needs.ts. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { ListCommandInvocationsCommand, ListCommandsCommand } from '@aws-sdk/client-ssm';
import { expect, vi } from 'vitest';
import { eventBridge, sns } from '#src/activities/notify/aws-channels.js';
import { cancel, findSent, send } from '#src/activities/ssm/commands.js';
import { HealthProbe } from '#src/activities/watch/health-probe.js';
import { observeRegion, RegionMemory } from '#src/activities/watch/observe-region.js';
import { type Event, parseEvent } from '#src/events/parse.js';
import { BUCKET_KEY } from '#src/model/bucket.js';
import { deletedNews } from '#src/model/notify/news.js';
import { CREDENTIALS, STACK_GUID } from '../../../packages/aws-simulator/src/credentials.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { installationFor, REGION, run } from './fixture.js';
import type { Need } from './needs.js';
import type { Scene } from './scene.js';

const SOON = { timeout: PATIENCE_MS, interval: 20 };

export const NODE_NEEDS: Need[] = [
  { what: 'the agent of an instance registers', story: (scene) => scene.instance({ agent: true }) },
  {
    what: 'the worker waits for an agent and runs a script',
    story: async (scene) => {
      const { activities, scope } = scene;
      const instanceId = await scene.instance({ agent: true });
      await run(activities.awaitInstance, { ...scope, instanceId, until: 'agent-online' });
      const probe = { script: 'probe', params: {}, presign: {}, timeoutSeconds: 60 };
      const ran = await run(activities.runOnNodes, {
        ...scope,
        ...probe,
        instanceIds: [instanceId],
        jobId: `${scope.cluster}-probe`,
      });
      // It has run, whatever it says of a node without K3s.
      expect(ran).toMatchObject([{ instanceId, exitCode: expect.any(Number) as number }]);
    },
  },
  {
    what: 'the worker finds a command of an earlier attempt, and cancels it',
    story: async (scene) => {
      const id = await scene.instance({ agent: true });
      const ssm = scene.worker.ssm(REGION);
      const { cluster } = scene.scope;
      const sent = await send(ssm, [id], cluster, 'exec sleep 60', 60);
      // What the list does not show yet comes; a refusal stays one.
      const found = await vi.waitFor(async () => {
        const commandId = await findSent(ssm, id, cluster, Date.now() - 60_000).catch((refused: Error) => refused);
        if (!(commandId instanceof Error)) expect(commandId).toBe(sent[id]);
        return commandId ?? '';
      }, SOON);
      if (found instanceof Error) throw found;
      await cancel(ssm, [found]);
      await vi.waitFor(async () => expect(await statusOf(scene, found)).toBe('Cancelled'), SOON);
    },
  },
  {
    what: 'the worker watches all instances of a region and asks their servers for their health',
    story: async (scene) => {
      const id = await scene.instance({ agent: true });
      const { signal } = new AbortController();
      const attempt = { signal, sleep: (ms: number) => new Promise<void>((go) => void setTimeout(go, ms / 10)) };
      const seen = await observeRegion(scene.worker, REGION, STACK_GUID, new RegionMemory(), attempt, () => []);
      expect(Object.values(seen.round).filter((failure) => failure !== null)).toEqual([]);
      expect([...(seen.clusters?.values() ?? [])].map(({ cluster }) => cluster)).toContain(scene.scope.cluster);
      const probe = new HealthProbe(scene.worker.ssm(REGION), installationFor(scene.worker), attempt);
      await probe.ask();
      expect(probe.failure).toBeNull();
      expect(await deniedOn(scene, id)).toEqual([]);
    },
  },
  {
    what: 'a document that a user puts into the bucket comes to the worker as an event',
    story: async (scene) => {
      await scene.bucketOf('user').put(scene.key(BUCKET_KEY.config), 'kind: Cluster');
      await eventuallyRead(scene, (event) => event.kind === 'config' && event.cluster === scene.scope.cluster);
    },
  },
  {
    what: 'the change of an instance comes to the worker as an event',
    story: async (scene) => {
      const id = await scene.instance();
      await eventuallyRead(scene, (event) => event.kind === 'instance' && event.instanceId === id);
    },
  },
  {
    what: 'the worker tells a topic and an event bus that a cluster is deleted',
    story: async ({ region, scope }) => {
      const options = { endpoint: region.url, region: REGION, credentials: CREDENTIALS.worker, maxAttempts: 1 };
      const [startedAt, endedAt] = ['2026-03-01T12:04:00.000Z', '2026-03-01T12:05:00.000Z'];
      const news = deletedNews({ ...scope, operation: 'op-1', startedAt, endedAt });
      await sns(region.topicArn, new SNSClient(options)).send(news);
      await eventBridge(region.eventBusArn, new EventBridgeClient(options)).send(news);
    },
  },
  {
    what: 'a user looks at the events that no worker could handle',
    story: async (scene) => {
      const QueueUrl = scene.region.deadLettersUrl;
      await scene.clientsOf('user').sqs(REGION).send(new ReceiveMessageCommand({ QueueUrl }));
    },
  },
];

/** Commands whose invocation on an instance was refused. */
async function deniedOn(scene: Scene, InstanceId: string): Promise<unknown[]> {
  const { CommandInvocations = [] } = await scene.admin().ssm.send(new ListCommandInvocationsCommand({ InstanceId }));
  return CommandInvocations.filter(({ StatusDetails }) => StatusDetails === 'AccessDenied');
}

async function statusOf(scene: Scene, CommandId: string): Promise<string | undefined> {
  const { Commands = [] } = await scene.admin().ssm.send(new ListCommandsCommand({ CommandId }));
  return Commands[0]?.Status;
}

/** Reads the queue and deletes what it has read, as the bridge does, until the event has come. Short polls: none outlives the story. */
async function eventuallyRead(scene: Scene, isIt: (event: Event) => boolean): Promise<void> {
  const sqs = scene.worker.sqs(REGION);
  const QueueUrl = scene.region.queueUrl;
  const { notes } = scene.region.world.record;
  const refusals = () => notes.filter(({ kind }) => kind === 'event-refused').length;
  const before = refusals();
  for (const until = Date.now() + SOON.timeout; ; ) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    if (Messages.some(({ Body = '' }) => isIt(parseEvent(Body) ?? NOTHING))) return;
    expect(refusals()).toBe(before);
    if (Date.now() > until) throw new Error('the event has not come');
    await new Promise((resolve) => setTimeout(resolve, SOON.interval));
  }
}

const NOTHING: Event = { kind: 'config', bucket: '', cluster: '' };
