/** Notifications by SNS and EventBridge, through the SDK's clients, with the key of the worker, to the simulator. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventBridge, sns } from '#src/activities/notify/aws-channels.js';
import { deletedNews } from '#src/model/notify/news.js';
import { type CallerName, CREDENTIALS } from '../../../packages/aws-simulator/src/credentials.js';
import { readPolicies } from '../../../packages/aws-simulator/src/iam/policies.js';
import { startTestRegion, type TestRegion } from '../region/local-region.js';

const news = deletedNews({
  cluster: 'shop',
  uid: 'u',
  region: 'eu-west-1',
  operation: 'op-9',
  startedAt: '2026-03-01T12:04:00.000Z',
  endedAt: '2026-03-01T12:05:00.000Z',
});

let region: TestRegion;
beforeAll(async () => {
  region = await startTestRegion();
});
afterAll(() => region.close());

const optionsOf = (caller: CallerName) => ({
  endpoint: region.url,
  region: 'eu-west-1',
  credentials: CREDENTIALS[caller],
  maxAttempts: 1,
});
const topic = (arn: string, caller: CallerName = 'worker') => sns(arn, new SNSClient(optionsOf(caller)));
const bus = (arn: string, caller: CallerName = 'worker') => eventBridge(arn, new EventBridgeClient(optionsOf(caller)));
const contents = (arn: string) => region.published.list(arn).map(({ content }) => content);

describe('a notification by AWS', () => {
  it('to SNS is a CloudEvent with attributes to filter by', async () => {
    // Act
    await topic(region.topicArn).send({ ...news, text: 'shop: ümläut\nand two lines'.padEnd(300, '.') });

    // Assess
    const [{ Message, Subject, ...rest } = {}] = contents(region.topicArn);
    expect(JSON.parse(String(Message))).toMatchObject({ specversion: '1.0', id: 'u/op-9/ended', type: news.type });
    expect(Subject).toMatch(/^[ -~]{1,99}$/);
    expect(rest).toEqual({
      MessageAttributes: {
        type: { DataType: 'String', StringValue: 'io.keelson.operation.ended' },
        cluster: { DataType: 'String', StringValue: 'shop' },
      },
      MessageGroupId: null,
    });
  });

  it('to a FIFO topic names itself, so that a repetition is dropped', async () => {
    // Prepare
    const arn = `${region.topicArn}.fifo`;

    // Act
    // The stack has the other topic as its parameter.
    await topic(arn, 'admin').send(news);
    await topic(arn, 'admin').send(news);

    // Assess
    expect(contents(arn)).toMatchObject([{ MessageGroupId: 'shop' }]);
  });

  it('to EventBridge has a source and a type that rules match', async () => {
    // Act
    await bus(region.eventBusArn).send(news);

    // Assess
    const [entry] = contents(region.eventBusArn);
    expect(entry).toMatchObject({ Source: 'keelson', DetailType: 'io.keelson.operation.ended' });
    expect(JSON.parse(String(entry?.['Detail']))).toMatchObject({ id: 'u/op-9/ended', cluster: 'shop' });
  });

  it.each([
    ['a topic that the stack does not name', () => topic(`${region.topicArn}-2`), /^SNS .*\(AuthorizationError\w*\)$/],
    ['a topic that does not exist', () => topic(`${region.topicArn}-2`, 'admin'), /^SNS .*\(NotFound\w*\)$/],
    ['a bus that the stack does not name', () => bus(`${region.eventBusArn}-2`), /^EventBridge .*\(AccessDenied\w*\)$/],
  ])('to %s is an error that does not name the ARN', async (_, channel, message) => {
    const refused: unknown = await channel()
      .send(news)
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Error);
    expect((refused as Error).message).toMatch(message);
    expect((refused as Error).message).not.toContain('arn:');
  });

  it('that EventBridge answers with 200 and does not take is an error as well', async () => {
    const untyped = { ...news, type: '' } as unknown as typeof news;
    await expect(bus(region.eventBusArn).send(untyped)).rejects.toThrow(/^EventBridge answers InvalidArgument$/);
  });
});

describe('a channel without a client of its own', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('asks in the region of the topic or of the bus', async () => {
    // Prepare
    vi.stubEnv('AWS_ENDPOINT_URL', region.url);
    vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.admin.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.admin.secretAccessKey);
    const elsewhere = (arn: string) => arn.replace('eu-west-1', 'us-east-1');

    // Act
    await sns(elsewhere(region.topicArn))
      .send(news)
      .catch(() => null);
    await eventBridge(elsewhere(region.eventBusArn)).send(news);

    // Assess
    const calls = region.world.record.calls.filter((call) => call.region === 'us-east-1');
    expect(calls.map(({ service, status }) => [service, status])).toEqual([
      ['sns', 404],
      ['eventbridge', 200],
    ]);
  });
});

describe('the worker of the stack', () => {
  const statements = (parameters: Record<string, string>) =>
    readPolicies({
      homeRegion: 'eu-west-1',
      bucket: 'b',
      queueUrl: 'q',
      queueArn: 'arn:q',
      parameters,
    }).identity.worker.statements.filter(({ Sid }) => Sid.startsWith('Notify'));

  it('may tell just the topic and the bus that the parameters name, and none without', () => {
    const [NotifyTopicArn, NotifyEventBusArn] = [region.topicArn, region.eventBusArn];
    expect(statements({})).toEqual([]);
    expect(statements({ NotifyTopicArn, NotifyEventBusArn })).toMatchObject([
      { Action: ['sns:Publish'], Resource: NotifyTopicArn },
      {
        Action: ['events:PutEvents'],
        Resource: NotifyEventBusArn,
        Condition: { StringEquals: { 'events:source': 'keelson' } },
      },
    ]);
  });
});
