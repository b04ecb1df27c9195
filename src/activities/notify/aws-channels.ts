import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { codeOf } from '../../aws/error-code.js';
import type { News } from '../../model/notify/news.js';
import { type Channel, cloudEvent } from './channels.js';

/** SNS cuts longer subjects. [docs: SNS Publish, Subject] */
const SUBJECT_CHARACTERS = 99;
/** Only FIFO topics drop a repetition themselves. [docs: SNS FIFO topics] */
const FIFO = '.fifo';

const TIMEOUTS = { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/**
 * Returns an SNS topic: the text as subject, the CloudEvent as message, type and cluster as attributes to filter by.
 *
 * @param arn of the topic; it names the region
 */
export function sns(arn: string, client = new SNSClient({ region: regionOf(arn), requestHandler: TIMEOUTS })): Channel {
  return {
    name: 'SNS',
    send: (news) =>
      told('SNS', async () => {
        await client.send(
          new PublishCommand({
            TopicArn: arn,
            Subject: subjectOf(news),
            Message: JSON.stringify(cloudEvent(news)),
            MessageAttributes: {
              type: { DataType: 'String', StringValue: news.type },
              cluster: { DataType: 'String', StringValue: news.data.cluster },
            },
            ...(arn.endsWith(FIFO) && {
              MessageGroupId: news.data.cluster,
              MessageDeduplicationId: deduplicationId(news),
            }),
          }),
        );
      }),
  };
}

/**
 * Returns an event bus of EventBridge: source `keelson`, the type as detail-type, and the data with id and text as detail, for rules to
 * match.
 *
 * @param arn of the bus; it names the region
 */
export function eventBridge(
  arn: string,
  client = new EventBridgeClient({ region: regionOf(arn), requestHandler: TIMEOUTS }),
): Channel {
  return {
    name: 'EventBridge',
    send: (news) =>
      told('EventBridge', async () => {
        const { id, type, time, text, data } = news;
        const { Entries: [entry] = [] } = await client.send(
          new PutEventsCommand({
            Entries: [
              {
                EventBusName: arn,
                Source: 'keelson',
                DetailType: type,
                Time: new Date(time),
                Detail: JSON.stringify({ id, text, ...data }),
              },
            ],
          }),
        );
        // EventBridge answers 200 even if it takes none. [docs: EventBridge PutEvents]
        if (entry?.ErrorCode !== undefined) throw new Error(`EventBridge answers ${entry.ErrorCode}`);
      }),
  };
}

/** `arn:<partition>:<service>:<region>:<account>:<name>` */
const regionOf = (arn: string): string => arn.split(':')[3] ?? '';

/** Returns one line of ASCII that begins with a letter or digit. [docs: SNS Publish, Subject] */
const subjectOf = ({ text }: News): string => text.replaceAll(/[^ -~]+/g, ' ').slice(0, SUBJECT_CHARACTERS);

/** Letters, digits and some signs, 128 at most. [docs: SNS Publish, MessageDeduplicationId] */
const deduplicationId = ({ id }: News): string => id.replaceAll(/[^A-Za-z0-9_./-]/g, '_').slice(-128);

/** Names the error's code and not its message, which contains the ARN and the caller. */
async function told(name: string, send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(`${name} answers`)) throw error;
    throw new Error(`${name} has not taken it (${codeOf(error)})`);
  }
}
