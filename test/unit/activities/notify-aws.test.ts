import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { readPolicies } from '../../../packages/aws-simulator/src/iam/policies.js';
import { eventBridge, sns } from '../../../src/activities/notify/aws-channels.js';
import { deletedNews } from '../../../src/model/notify/news.js';

const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:keelson';
const BUS = 'arn:aws:events:eu-central-1:111122223333:event-bus/keelson';
const news = deletedNews({
  cluster: 'shop',
  uid: 'u',
  region: 'eu-west-1',
  operation: 'op-9',
  startedAt: '2026-03-01T12:04:00.000Z',
  endedAt: '2026-03-01T12:05:00.000Z',
});

const [topics, buses] = [mockClient(SNSClient), mockClient(EventBridgeClient)];
beforeEach(() => {
  topics.reset();
  buses.reset();
});

describe('a notification by AWS', () => {
  it('to SNS is a CloudEvent with attributes to filter by, in the region of the topic', async () => {
    // Prepare
    topics.on(PublishCommand).resolves({});

    // Act
    await sns(TOPIC).send({ ...news, text: 'shop: ümläut\nand two lines'.padEnd(300, '.') });

    // Assess
    const [call] = topics.commandCalls(PublishCommand);
    const { Message, Subject, ...input } = call?.args[0].input ?? {};
    expect(JSON.parse(Message ?? '')).toMatchObject({ specversion: '1.0', id: 'u/op-9/ended', type: news.type });
    expect(Subject).toMatch(/^[ -~]{1,99}$/);
    expect(input).toMatchObject({ TopicArn: TOPIC, MessageAttributes: { cluster: { StringValue: 'shop' } } });
    expect(input).not.toHaveProperty('MessageGroupId');
  });

  it('to a FIFO topic names itself, so that a repetition is dropped', async () => {
    topics.on(PublishCommand).resolves({});
    await sns(`${TOPIC}.fifo`).send(news);
    expect(topics.commandCalls(PublishCommand)[0]?.args[0].input).toMatchObject({
      MessageGroupId: 'shop',
      MessageDeduplicationId: 'u/op-9/ended',
    });
  });

  it('to EventBridge has a source and a type that rules match', async () => {
    buses.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [{ EventId: 'e' }] });
    await eventBridge(BUS).send(news);
    const [entry] = buses.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries ?? [];
    expect(entry).toMatchObject({ EventBusName: BUS, Source: 'keelson', DetailType: 'io.keelson.operation.ended' });
    expect(JSON.parse(entry?.Detail ?? '')).toMatchObject({ id: 'u/op-9/ended', cluster: 'shop' });
  });

  it('that is not taken is an error without the ARN, also where EventBridge answers 200', async () => {
    const denied = Object.assign(new Error(`not authorized to publish to ${TOPIC}`), { name: 'AuthorizationError' });
    topics.on(PublishCommand).rejects(denied);
    buses.on(PutEventsCommand).resolves({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure' }] });
    await expect(sns(TOPIC).send(news)).rejects.toThrow(/^SNS has not taken it \(AuthorizationError\)$/);
    await expect(eventBridge(BUS).send(news)).rejects.toThrow(/^EventBridge answers InternalFailure$/);
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
    expect(statements({})).toEqual([]);
    expect(statements({ NotifyTopicArn: TOPIC, NotifyEventBusArn: BUS })).toMatchObject([
      { Action: ['sns:Publish'], Resource: TOPIC },
      { Action: ['events:PutEvents'], Resource: BUS, Condition: { StringEquals: { 'events:source': 'keelson' } } },
    ]);
  });
});
