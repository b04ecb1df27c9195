/** The topics that are there: one, and one of the kind that drops repetitions. */
import { ACCOUNT_ID } from '../ec2/network.js';

/** Name of the topic and of the event bus that the worker may tell. */
export const NOTIFICATIONS = 'keelson-notifications';

/** ARN of the topic that is there from the start, which the stack has as its parameter NotifyTopicArn. */
export const notificationsTopic = (region: string): string => `arn:aws:sns:${region}:${ACCOUNT_ID}:${NOTIFICATIONS}`;

/** Its end says that a topic is a FIFO topic. [docs: SNS CreateTopic, Name] */
const FIFO = '.fifo';
export const isFifo = (arn: string): boolean => arn.endsWith(FIFO);

/** A repetition within this time is answered as the first one, and not delivered. [docs: SNS, message deduplication for FIFO topics] */
const REMEMBERED_MS = 5 * 60_000;

export class Topics {
  private readonly arns: ReadonlySet<string>;
  private readonly taken = new Map<string, { id: string; at: number }>();

  /** @param region in which they are */
  constructor(region: string) {
    const arn = notificationsTopic(region);
    this.arns = new Set([arn, `${arn}${FIFO}`]);
  }

  has(arn: string): boolean {
    return this.arns.has(arn);
  }

  /** Id of the message that a FIFO topic has taken under this name within five minutes; null when there is none. */
  repetitionOf(arn: string, name: string, now = Date.now()): string | null {
    const first = this.taken.get(`${arn} ${name}`);
    return first === undefined || now - first.at >= REMEMBERED_MS ? null : first.id;
  }

  remember(arn: string, name: string, id: string, now = Date.now()): void {
    for (const [key, { at }] of this.taken) {
      // They lie in the order in which they came.
      if (now - at < REMEMBERED_MS) break;
      this.taken.delete(key);
    }
    this.taken.delete(`${arn} ${name}`);
    this.taken.set(`${arn} ${name}`, { id, at: now });
  }
}
