/** SQS and the bus of events, asked by the real AWS SDK. */
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launchOne } from '../ec2/launch-one.js';
import { CREDENTIALS, startTestRegion, type TestRegion } from '../local-region.js';

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

const receive = async (QueueUrl = region.queueUrl, WaitTimeSeconds = 5, VisibilityTimeout = 30) =>
  (await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds, VisibilityTimeout, MaxNumberOfMessages: 10 })))
    .Messages ?? [];

describe('a queue', () => {
  it('gives a message to one reader, and again when it was not deleted', async () => {
    // Prepare
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'mine' }));
    const { QueueUrl: found } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'mine' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'häh?' }));
    // Act
    const [first] = await receive(QueueUrl);
    const meanwhile = await receive(QueueUrl, 0);
    await sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 }),
    );
    const [again] = await receive(QueueUrl);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }));
    const { Attributes: stale } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again?.ReceiptHandle }));
    const { Attributes: end } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    // Assess
    expect(found).toBe(QueueUrl);
    expect(first?.Body).toBe('häh?');
    expect(meanwhile).toEqual([]);
    expect(again?.MessageId).toBe(first?.MessageId);
    expect(stale?.['ApproximateNumberOfMessagesNotVisible']).toBe('1');
    expect(end).toEqual({ ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' });
  });

  it('gives a message to readers three times, then puts it into the dead-letter queue as it is', async () => {
    // Prepare
    const { MessageId } = await sqs.send(new SendMessageCommand({ QueueUrl: region.queueUrl, MessageBody: 'poison' }));
    // Act
    const given = [];
    for (let attempt = 0; attempt < 4; attempt += 1) given.push((await receive(region.queueUrl, 0, 0)).length);
    const asked = new ReceiveMessageCommand({ QueueUrl: region.deadLettersUrl, MessageSystemAttributeNames: ['All'] });
    const { Messages: [dead] = [] } = await sqs.send(asked);
    // Assess
    expect(given).toEqual([1, 1, 1, 0]);
    expect(dead).toMatchObject({ MessageId, Body: 'poison' });
    expect(Number(dead?.Attributes?.['SentTimestamp'])).toBeGreaterThan(Date.now() - 60_000);
  });

  it('holds a long poll until something comes', async () => {
    const polled = receive(region.queueUrl, 20);
    await sqs.send(new SendMessageCommand({ QueueUrl: region.queueUrl, MessageBody: 'x' }));
    expect((await polled).map(({ Body }) => Body)).toEqual(['x']);
  });

  it('that is not there has an error of that name', async () => {
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'none' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
    const long = new ReceiveMessageCommand({ QueueUrl: region.queueUrl, WaitTimeSeconds: 21 });
    await expect(sqs.send(long)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });
});

/** Reads until so many events are there. */
interface Told {
  source: string;
  detail: { object?: { key: string } };
}

async function events(count: number): Promise<Told[]> {
  const all: Told[] = [];
  for (let tries = 0; all.length < count && tries < 20; tries += 1)
    all.push(...(await receive()).map(({ Body = '' }) => JSON.parse(Body) as Told));
  return all;
}

describe('the bus', () => {
  it('sends an event for each state of an instance', async () => {
    const id = await launchOne(region);
    await region.ec2Client().send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    const seen = await events(2);
    expect(seen.map((event) => event.detail)).toContainEqual({ 'instance-id': id, state: 'shutting-down' });
    expect(seen[0]).toMatchObject({
      source: 'aws.ec2',
      'detail-type': 'EC2 Instance State-change Notification',
      region: 'eu-west-1',
    });
  });

  it('sends an event for documents, and for no other object', async () => {
    const s3 = region.s3Client();
    for (const Key of ['clusters/shop/status.yaml', 'clusters/shop/config.yaml', 'other/config.yaml'])
      await s3.send(new PutObjectCommand({ Bucket: 'keelson-test', Key, Body: 'x' }));
    const seen = await events(1);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name: 'keelson-test' }, object: { key: 'clusters/shop/config.yaml', size: 1 } },
    });
  });

  it('loses and doubles what fault plans say', async () => {
    await region.post('/_region/faults', [
      { point: 'event', effect: 'drop', nth: 1 },
      { point: 'event', effect: 'twice', nth: 2 },
    ]);
    const s3 = region.s3Client();
    for (const name of ['lost', 'double'])
      await s3.send(new PutObjectCommand({ Bucket: 'keelson-test', Key: `clusters/${name}/config.yaml`, Body: 'x' }));
    const seen = await events(2);
    expect(seen.map((event) => event.detail.object?.key)).toEqual([
      'clusters/double/config.yaml',
      'clusters/double/config.yaml',
    ]);
  });
});
