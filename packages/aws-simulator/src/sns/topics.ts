/** The existing topics: a standard one, and one that drops repetitions. */
import { ACCOUNT_ID } from '../ec2/network.js';

/** Name of the topic and of the event bus that the worker may use. */
export const NOTIFICATIONS = 'keelson-notifications';

/** ARN of the topic that exists from the start, which the stack has as its parameter NotifyTopicArn. */
export const notificationsTopic = (region: string): string => `arn:aws:sns:${region}:${ACCOUNT_ID}:${NOTIFICATIONS}`;

/** The suffix marks a FIFO topic. [docs: SNS CreateTopic, Name] */
const FIFO = '.fifo';
export const isFifo = (arn: string): boolean => arn.endsWith(FIFO);

/** Within this time a repetition gets the first answer, and is not delivered. [docs: SNS, message deduplication for FIFO topics] */
const REMEMBERED_MS = 5 * 60_000;

export class Topics {
  private readonly arns: ReadonlySet<string>;
  private readonly taken = new Map<string, { id: string; at: number }>();

  /** @param region of the topics */
  constructor(region: string) {
    const arn = notificationsTopic(region);
    this.arns = new Set([arn, `${arn}${FIFO}`]);
  }

  has(arn: string): boolean {
    return this.arns.has(arn);
  }

  /** Returns the id of the message that a FIFO topic has taken under this name within five minutes; null when there is none. */
  repetitionOf(arn: string, name: string, now = Date.now()): string | null {
    const first = this.taken.get(`${arn} ${name}`);
    return first === undefined || now - first.at >= REMEMBERED_MS ? null : first.id;
  }

  remember(arn: string, name: string, id: string, now = Date.now()): void {
    for (const [key, { at }] of this.taken) {
      // In the order of arrival.
      if (now - at < REMEMBERED_MS) break;
      this.taken.delete(key);
    }
    this.taken.delete(`${arn} ${name}`);
    this.taken.set(`${arn} ${name}`, { id, at: now });
  }
}
