import { type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { regionOfQueue } from '../../aws/region-names.js';
import { type Event, parseEvent } from '../../events/parse.js';
import { type Format, show } from '../output.js';
import type { Session } from '../session.js';
import { type DeadLetter, deadLettersText } from '../views/dead-letters.js';

/** SQS's maximum. [docs: SQS ReceiveMessage] */
const BATCH = 10;
/** How many messages it reads at most: the first ones show what they have in common. */
const MOST = 100;
/** As long as it takes to read them all; then they become visible again. */
const HIDDEN_SECONDS = 10;
const LONGEST_BODY = 2_000;

/** `keelson dead-letters`: reads the messages and leaves them in the queue. */
export async function deadLetters(session: Session, output: Format): Promise<void> {
  const queueUrl = session.deadLettersQueue();
  const clients = await session.aws();
  const sqs = clients.sqs(regionOfQueue(queueUrl) ?? clients.homeRegion);
  const letters = new Map<string, DeadLetter>();
  while (letters.size < MOST) {
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: BATCH,
        VisibilityTimeout: HIDDEN_SECONDS,
        // A short poll asks only some of SQS's servers. [docs: SQS short and long polling]
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
    );
    const before = letters.size;
    for (const message of messages) letters.set(message.MessageId ?? '', letterOf(message));
    if (letters.size === before) break;
  }
  const sorted = [...letters.values()].sort((a, b) => a.sentAt.localeCompare(b.sentAt));
  show(session.io, output, sorted, (_, seen) => deadLettersText(seen));
}

function letterOf({ MessageId: id = '', Body: body = '', Attributes: attributes = {} }: Message): DeadLetter {
  const sentAt = new Date(Number(attributes.SentTimestamp ?? 0)).toISOString();
  return { id, sentAt, about: aboutOf(parseEvent(body)), body: body.slice(0, LONGEST_BODY) };
}

function aboutOf(event: Event | null): string {
  if (event === null) return 'not an event that Keelson reads';
  return event.kind === 'config'
    ? `config.yaml of cluster ${event.cluster} in ${event.bucket}`
    : `instance ${event.instanceId} in ${event.region} is ${event.state}`;
}
