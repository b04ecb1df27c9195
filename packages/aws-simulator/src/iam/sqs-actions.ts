/** Permissions for each call of SQS, which is always about one queue. [Service Authorization Reference: Amazon SQS] */
import { ACCOUNT_ID } from '../ec2/network.js';
import type { Check } from './check.js';

export const SQS_ACTIONS: ReadonlySet<string> = new Set([
  'ChangeMessageVisibility',
  'CreateQueue',
  'DeleteMessage',
  'GetQueueAttributes',
  'GetQueueUrl',
  'ReceiveMessage',
  'SendMessage',
]);

/** Suffix of a queue's name: its dead-letter queue. */
export const DEAD_LETTERS = '-dead-letters';

export function queueArn(region: string, name: string): string {
  return `arn:aws:sqs:${region}:${ACCOUNT_ID}:${name}`;
}

/** @param input of the call; a queue is named by its URL, or by its name while it has none */
export function queueChecks(action: string, region: string, input: Record<string, unknown>): Check[] {
  const { QueueUrl: url, QueueName: name } = input;
  const queue = typeof url === 'string' ? (url.split('/').at(-1) ?? '') : String(name);
  return [{ action: `sqs:${action}`, resource: queueArn(region, queue), kind: 'queue', keys: {} }];
}
