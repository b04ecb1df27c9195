/** The bridge against the queues of moto 5.2.5, unmodified: messages are read by long poll, handled and deleted. */
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AwsClients } from '#src/aws/clients.js';
import { startBridge } from '#src/events/bridge.js';
import type { Event } from '#src/events/parse.js';
import { PATIENCE_MS } from '../support/patience.js';
import { clientsFor, REGION } from './support/fixture.js';
import { type Moto, startMoto } from './support/moto.js';

let moto: Moto;
let clients: AwsClients;
beforeAll(async () => {
  moto = await startMoto();
  clients = clientsFor(moto.endpoint);
});
afterAll(async () => {
  clients.destroy();
  await moto.stop();
});

const change = (id: string) =>
  JSON.stringify({
    source: 'aws.ec2',
    account: '123456789012',
    region: REGION,
    detail: { 'instance-id': id, state: 'stopped' },
  });

async function queueWith(name: string, ...bodies: string[]): Promise<string> {
  const { QueueUrl = '' } = await clients.sqs(REGION).send(new CreateQueueCommand({ QueueName: name }));
  for (const MessageBody of bodies) await clients.sqs(REGION).send(new SendMessageCommand({ QueueUrl, MessageBody }));
  return QueueUrl;
}

async function left(QueueUrl: string): Promise<number> {
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const { Attributes = {} } = await clients
    .sqs(REGION)
    .send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }));
  return AttributeNames.reduce((sum, name) => sum + Number(Attributes[name]), 0);
}

describe('the queue of events', () => {
  test('is emptied: what is ours is handled, what is not goes, what could not be handled stays', async () => {
    // Prepare
    const queueUrl = await queueWith('keelson-events', change('i-1'), 'noise', change('i-broken'), change('i-2'));
    const handled: Event[] = [];
    // Act
    const bridge = startBridge({
      sqs: clients.sqs(REGION),
      queueUrl,
      logger: pino({ level: 'silent' }),
      handle: async (event) => {
        if (event.kind === 'instance' && event.instanceId === 'i-broken') throw new Error('Temporal does not answer');
        handled.push(event);
      },
    });
    await vi.waitFor(async () => expect(await left(queueUrl)).toBe(1), { timeout: PATIENCE_MS, interval: 50 });
    await bridge.stop();
    // Assess
    expect(handled.map((event) => event.kind === 'instance' && event.instanceId).sort()).toEqual(['i-1', 'i-2']);
  });

  test('that is not there is waited for, and the wait can be ended', async () => {
    const warnings: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
    const queueUrl = `${moto.endpoint}/123456789012/none`;
    const bridge = startBridge({ sqs: clients.sqs(REGION), queueUrl, logger, handle: async () => undefined });
    await vi.waitFor(() => expect(warnings.length).toBeGreaterThan(0), { timeout: PATIENCE_MS, interval: 20 });
    await bridge.stop();
    expect(warnings[0]).toMatch(/QueueDoesNotExist|NonExistentQueue/);
  });
});
