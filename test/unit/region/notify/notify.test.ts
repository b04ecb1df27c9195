/** SNS and EventBridge of the simulator, asked by the real AWS SDK. */
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { PublishCommand, type PublishCommandInput, SNSClient } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CallerName, CREDENTIALS } from '../../../../packages/aws-simulator/src/credentials.js';
import { Published } from '../../../../packages/aws-simulator/src/published.js';
import { Topics } from '../../../../packages/aws-simulator/src/sns/topics.js';
import { startTestRegion, type TestRegion } from '../local-region.js';

let region: TestRegion;
beforeEach(async () => {
  region = await startTestRegion();
});
afterEach(() => region.close());

const optionsOf = (caller: CallerName, name: string) => ({
  endpoint: region.url,
  region: name,
  credentials: CREDENTIALS[caller],
  maxAttempts: 1,
});
const publish = (more: Partial<PublishCommandInput>, caller: CallerName = 'admin', name = 'eu-west-1') =>
  new SNSClient(optionsOf(caller, name)).send(new PublishCommand({ TopicArn: region.topicArn, Message: 'a', ...more }));
const entry = { Source: 'keelson', DetailType: 'a', Detail: '{}' };
const put = (Entries: PutEventsRequestEntry[], caller: CallerName = 'admin') =>
  new EventBridgeClient(optionsOf(caller, 'eu-west-1')).send(new PutEventsCommand({ Entries }));

describe('SNS', () => {
  it('gives a message an id, under which the admin API shows it', async () => {
    const { MessageId } = await publish({ Subject: 's' }, 'worker');
    expect(await region.get(`/_region/published?to=${region.topicArn}`)).toMatchObject([
      { to: region.topicArn, id: MessageId, content: { Message: 'a', Subject: 's', MessageAttributes: {} } },
    ]);
    expect(await region.get('/_region/published?to=other')).toEqual([]);
  });

  it('answers a repetition to a FIFO topic as the first one, and keeps one', async () => {
    const fifo = { TopicArn: `${region.topicArn}.fifo`, MessageGroupId: 'g' };
    const ids = [];
    for (const MessageDeduplicationId of ['a', 'a', 'b'])
      ids.push((await publish({ ...fifo, MessageDeduplicationId })).MessageId);
    expect(ids[1]).toBe(ids[0]);
    expect(region.published.list().map(({ id }) => id)).toEqual([ids[0], ids[2]]);
  });

  it.each<[string, Partial<PublishCommandInput>, RegExp]>([
    ['no target', { TopicArn: undefined }, /TopicArn or TargetArn Reason: no value for required parameter/],
    ['what is no ARN', { TopicArn: 'topic' }, /An ARN must have at least 6 elements, not 1/],
    [
      'a topic of another region',
      { TopicArn: 'arn:aws:sns:us-east-1:000000000000:a' },
      /^Invalid parameter: TopicArn$/,
    ],
    ['a topic that does not exist', { TopicArn: 'arn:aws:sns:eu-west-1:000000000000:a' }, /^Topic does not exist$/],
    ['a name of a message to a topic that is not FIFO', { MessageDeduplicationId: 'a' }, /not valid for this topic/],
  ])('refuses %s', async (_, more, message) => {
    await expect(publish(more)).rejects.toThrow(message);
  });

  it.each<[string, Partial<PublishCommandInput>, RegExp]>([
    ['without a group', { MessageDeduplicationId: 'a' }, /MessageGroupId parameter is required/],
    ['without a name', { MessageGroupId: 'a' }, /MessageDeduplicationId provided explicitly/],
  ])('refuses a message to a FIFO topic %s', async (_, more, message) => {
    await expect(publish({ TopicArn: `${region.topicArn}.fifo`, ...more })).rejects.toThrow(message);
  });

  it('refuses the worker a topic that the stack does not name, and others each topic', async () => {
    const refused = {
      name: expect.stringMatching(/^AuthorizationError/),
      message: expect.stringMatching(/SNS:Publish/),
    };
    await expect(publish({ TopicArn: `${region.topicArn}.fifo` }, 'worker')).rejects.toMatchObject(refused);
    await expect(publish({}, 'user')).rejects.toMatchObject(refused);
  });

  it('refuses a key that it does not know, and a wrong secret', async () => {
    const send = (credentials: object) =>
      new SNSClient({
        ...optionsOf('worker', 'eu-west-1'),
        credentials: { ...CREDENTIALS.worker, ...credentials },
      }).send(new PublishCommand({ TopicArn: region.topicArn, Message: 'a' }));
    await expect(send({ accessKeyId: 'none' })).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
    await expect(send({ secretAccessKey: 'wrong' })).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
  });
});

describe('EventBridge', () => {
  it('answers each entry on its own, in 200 whatever it says', async () => {
    // Act
    const { FailedEntryCount, Entries = [] } = await put([
      entry,
      { ...entry, Source: undefined },
      { ...entry, DetailType: '' },
      { ...entry, Detail: '[]' },
      { ...entry, Detail: '{' },
      { ...entry, Source: 'aws.ec2' },
    ]);

    // Assess
    expect(FailedEntryCount).toBe(5);
    expect(Entries.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      'InvalidArgument',
      'InvalidArgument',
      'MalformedDetail',
      'MalformedDetail',
      'NotAuthorizedForSourceException',
    ]);
    expect(region.published.list().map(({ id }) => id)).toEqual([Entries[0]?.EventId]);
  });

  it('takes an event for a bus that does not exist, and loses it', async () => {
    const { FailedEntryCount, Entries } = await put([{ ...entry, EventBusName: 'none' }]);
    expect([FailedEntryCount, Entries]).toEqual([0, [{ EventId: expect.any(String) as string }]]);
    expect(region.published.list()).toEqual([]);
  });

  it('knows a bus by its name and by its ARN', async () => {
    for (const EventBusName of ['keelson-notifications', region.eventBusArn]) await put([{ ...entry, EventBusName }]);
    expect(region.published.list(region.eventBusArn)).toHaveLength(2);
  });

  it.each<[string, PutEventsRequestEntry, CallerName]>([
    ['the worker another source', { ...entry, Source: 'billing' }, 'worker'],
    ['the worker the default bus', { ...entry, EventBusName: undefined }, 'worker'],
    ['a user', entry, 'user'],
  ])('refuses %s, and the whole call with it', async (_, refused, caller) => {
    // Prepare
    const allowed = { ...entry, EventBusName: region.eventBusArn };

    // Act
    const asked = put([allowed, { EventBusName: region.eventBusArn, ...refused }], caller);

    // Assess
    await expect(asked).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(/not authorized to perform: events:PutEvents on resource: arn:aws:events:/),
    });
    expect(region.published.list()).toEqual([]);
  });
});

describe('what is kept', () => {
  it('of publications is the last 1,000', () => {
    const published = new Published();
    for (let n = 0; n < 1_001; n += 1) published.add('arn', String(n), {});
    expect(published.list()).toHaveLength(1_000);
    expect(published.list()[0]?.id).toBe('1');
  });

  it('of names of messages is five minutes', () => {
    const topics = new Topics('eu-west-1');
    topics.remember('arn', 'a', 'id', 0);
    expect(topics.repetitionOf('arn', 'a', 299_999)).toBe('id');
    expect(topics.repetitionOf('arn', 'a', 300_000)).toBeNull();
  });
});
