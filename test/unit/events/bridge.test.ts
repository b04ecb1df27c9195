/** The bridge against the local region's queue, asked by the real AWS SDK: what becomes of messages that cannot be handled. */
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deadLetters } from '#src/cli/commands/dead-letters.js';
import type { Session } from '#src/cli/session.js';
import { startBridge } from '#src/events/bridge.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { captured } from '../cli/io.js';
import { CREDENTIALS, startTestRegion, type TestRegion } from '../region/local-region.js';

let region: TestRegion;
let sqs: SQSClient;
beforeEach(async () => {
  region = await startTestRegion();
  sqs = new SQSClient({ endpoint: region.url, region: 'eu-west-1', credentials: CREDENTIALS, maxAttempts: 1 });
});
afterEach(async () => {
  sqs.destroy();
  await region.close();
});

const poison = JSON.stringify({
  source: 'aws.ec2',
  account: '111111111111',
  region: 'eu-west-1',
  detail: { 'instance-id': 'i-1', state: 'stopped' },
});

async function shown(output: 'text' | 'json' = 'text'): Promise<string> {
  const { io, read } = captured();
  const aws = { homeRegion: 'eu-west-1', sqs: () => sqs };
  const session = { io, aws: () => Promise.resolve(aws), deadLettersQueue: () => region.deadLettersUrl };
  await deadLetters(session as unknown as Session, output);
  return read().stdout;
}

describe('an event that no worker can handle', () => {
  it('is tried three times, and keelson dead-letters shows it then and later', async () => {
    // Prepare: three attempts that end without a delete, as the bridge's do.
    const { MessageId: id = '' } = await sqs.send(
      new SendMessageCommand({ QueueUrl: region.queueUrl, MessageBody: poison }),
    );
    for (let attempt = 0; attempt < 4; attempt += 1)
      await sqs.send(new ReceiveMessageCommand({ QueueUrl: region.queueUrl, VisibilityTimeout: 0 }));
    // Act
    const text = await shown();
    // Assess
    expect(text).toMatch(/^AGE +ABOUT +MESSAGE ID$/m);
    expect(text).toMatch(new RegExp(`instance i-1 in eu-west-1 is stopped +${id}`));
  });

  it('does not show what is not there', async () => {
    expect(await shown()).toBe('no dead letters\n');
    expect(JSON.parse(await shown('json'))).toEqual({ schemaVersion: 1, items: [] });
  });
});

describe('a queue that cannot be read', () => {
  it('is a problem at once where the call is denied, and none any more when it is answered', async () => {
    // Prepare
    const queue = mockClient(SQSClient);
    const denied = Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    const waits = () => new Promise((resolve) => setTimeout(() => resolve({}), 5));
    queue.on(ReceiveMessageCommand).rejectsOnce(denied).callsFake(waits);
    const bridge = startBridge({
      sqs: new SQSClient({ region: 'eu-west-1' }),
      queueUrl: 'http://127.0.0.1/q',
      logger: pino({ level: 'silent' }),
      handle: () => Promise.resolve(),
    });
    // Act
    const before = bridge.problem();
    const asked = { timeout: PATIENCE_MS, interval: 20 };
    await vi.waitFor(() => expect(bridge.problem()).not.toBeNull(), asked);
    const problem = bridge.problem();
    await vi.waitFor(() => expect(bridge.problem()).toBeNull(), asked);
    await bridge.stop();
    queue.restore();
    // Assess
    expect(before).toBeNull();
    expect(problem).toMatchObject({ code: 'AccessDenied', class: 'auth', message: expect.stringContaining('/q') });
  });
});

describe('a worker that does not reach Temporal', () => {
  it('takes no event from the queue, so that an outage makes no dead letters', async () => {
    // Prepare
    const queue = mockClient(SQSClient);
    queue.on(ReceiveMessageCommand).resolves({ Messages: [{ Body: poison, MessageId: 'm', ReceiptHandle: 'r' }] });
    let ready = false;
    const asked = vi.fn(() => ready);
    const handled = vi.fn(() => {
      ready = false;
      return Promise.resolve();
    });
    // Act
    const bridge = startBridge({
      sqs: new SQSClient({ region: 'eu-west-1' }),
      queueUrl: 'http://127.0.0.1/q',
      logger: pino({ level: 'silent' }),
      isReady: asked,
      handle: handled,
    });
    await vi.waitFor(() => expect(asked.mock.calls.length).toBeGreaterThan(1), { timeout: PATIENCE_MS, interval: 20 });
    const before = queue.commandCalls(ReceiveMessageCommand).length;
    ready = true;
    await vi.waitFor(() => expect(handled).toHaveBeenCalled(), { timeout: PATIENCE_MS, interval: 20 });
    await bridge.stop();
    queue.restore();
    // Assess
    expect(before).toBe(0);
  });
});

describe('the queue of deploy/aws', () => {
  it('hands a message to the dead-letter queue after three attempts, and has an alarm for that', async () => {
    // Prepare
    const { readFileSync } = await import('node:fs');
    const { readTemplate } = await import('../../../packages/aws-simulator/src/iam/template.js');
    const names = { EventsDeadLetters: { Ref: 'dead', Arn: 'arn:dead', QueueName: 'dead' } };
    const of = readTemplate(readFileSync('deploy/aws/keelson.yaml', 'utf8'), { pseudo: {}, resources: names });
    // Assess
    expect(of('EventsQueue')['RedrivePolicy']).toEqual({ deadLetterTargetArn: 'arn:dead', maxReceiveCount: 3 });
    expect(of('DeadLettersAlarm')).toMatchObject({ Threshold: 0, Dimensions: [{ Name: 'QueueName', Value: 'dead' }] });
  });
});
