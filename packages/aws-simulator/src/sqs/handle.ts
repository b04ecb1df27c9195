/** SQS in the JSON 1.0 protocol, as far as a reader of events and its tests need. [docs: SQS API] */

import { AwsError, errorReply } from '../aws-error.js';
import type { AwsCall, HttpReply } from '../contract.js';
import { readJsonBody } from '../json-body.js';
import type { LocalWorld } from '../world.js';
import { Queue } from './queue.js';

type Input = Record<string, unknown>;

const ACCOUNT = '000000000000';
const DEFAULT_VISIBILITY_SECONDS = 30;
const LONGEST_WAIT_SECONDS = 20;
const MOST_MESSAGES = 10;

export class Sqs {
  /** By region and name. */
  private readonly queues = new Map<string, Queue>();

  /** @param url of the simulator, under which the queues have theirs */
  constructor(
    private readonly world: LocalWorld,
    private readonly url: string,
  ) {}

  /** @param redrive target of messages that were received too often without being deleted */
  create(region: string, name: string, redrive: { to: Queue; most: number } | null = null): Queue {
    const there = this.queues.get(`${region}/${name}`);
    if (there !== undefined) return there;
    const queue = new Queue(name, `${this.url}/${ACCOUNT}/${name}`, redrive);
    this.queues.set(`${region}/${name}`, queue);
    return queue;
  }

  async handle(call: AwsCall, requestId: string): Promise<HttpReply> {
    try {
      const answer = await this.answer(call, readJsonBody(call.body));
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': requestId };
      return { status: 200, headers, body: JSON.stringify(answer) };
    } catch (error) {
      if (error instanceof AwsError) return errorReply('sqs', error, requestId);
      throw error;
    }
  }

  private async answer({ action, region }: AwsCall, input: Input): Promise<Input> {
    switch (action) {
      case 'CreateQueue':
        return { QueueUrl: this.create(region, textOf(input, 'QueueName')).url };
      case 'GetQueueUrl':
        return { QueueUrl: this.queue(region, textOf(input, 'QueueName')).url };
      case 'SendMessage': {
        const { id, md5 } = this.queueOf(region, input).send(textOf(input, 'MessageBody'));
        return { MessageId: id, MD5OfMessageBody: md5 };
      }
      case 'ReceiveMessage':
        return this.receive(this.queueOf(region, input), input);
      case 'DeleteMessage':
        this.queueOf(region, input).delete(textOf(input, 'ReceiptHandle'));
        return {};
      case 'ChangeMessageVisibility':
        return this.changeVisibility(this.queueOf(region, input), input);
      case 'GetQueueAttributes':
        return attributesOf(this.queueOf(region, input));
      default:
        throw new AwsError('UnknownOperationException', 400, `The local region has no SQS ${action}`);
    }
  }

  private async receive(queue: Queue, input: Input): Promise<Input> {
    const most = numberOf(input, 'MaxNumberOfMessages', 1);
    if (most < 1 || most > MOST_MESSAGES) throw invalid('MaxNumberOfMessages', `between 1 and ${MOST_MESSAGES}`);
    const waitSeconds = numberOf(input, 'WaitTimeSeconds', 0);
    if (waitSeconds < 0 || waitSeconds > LONGEST_WAIT_SECONDS)
      throw invalid('WaitTimeSeconds', `between 0 and ${LONGEST_WAIT_SECONDS}`);
    const visibilityMs = numberOf(input, 'VisibilityTimeout', DEFAULT_VISIBILITY_SECONDS) * 1_000;
    const until = Date.now() + waitSeconds * 1_000;
    for (;;) {
      const taken = queue.take(most, visibilityMs);
      const left = until - Date.now();
      if (taken.length > 0 || left <= 0) {
        // AWS leaves the list out when it is empty.
        return taken.length === 0
          ? {}
          : {
              Messages: taken.map(({ id, receipt, body, md5, sentAt, received }) => ({
                MessageId: id,
                ReceiptHandle: receipt,
                Body: body,
                MD5OfBody: md5,
                ...systemAttributes(input, { SentTimestamp: sentAt, ApproximateReceiveCount: received }),
              })),
            };
      }
      await queue.next((ms, signal) => this.world.wait(ms, signal), left);
    }
  }

  private changeVisibility(queue: Queue, input: Input): Input {
    const seconds = numberOf(input, 'VisibilityTimeout', DEFAULT_VISIBILITY_SECONDS);
    if (queue.changeVisibility(textOf(input, 'ReceiptHandle'), seconds * 1_000)) return {};
    throw new AwsError('ReceiptHandleIsInvalid', 400, 'The input receipt handle is invalid.');
  }

  private queueOf(region: string, input: Input): Queue {
    return this.queue(region, textOf(input, 'QueueUrl').split('/').at(-1) ?? '');
  }

  private queue(region: string, name: string): Queue {
    const queue = this.queues.get(`${region}/${name}`);
    if (queue !== undefined) return queue;
    const message = 'The specified queue does not exist.';
    // Clients of the older protocol know it by another name. [docs: SQS, JSON protocol]
    const headers = { 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' };
    throw new AwsError('QueueDoesNotExist', 400, message, {}, headers);
  }
}

/** Returns the requested ones; AWS leaves the map out without any. */
function systemAttributes(input: Input, known: Record<string, number>): Input {
  const asked = input['MessageSystemAttributeNames'];
  if (!Array.isArray(asked)) return {};
  const told = Object.entries(known).filter(([name]) => asked.includes(name) || asked.includes('All'));
  return told.length === 0
    ? {}
    : { Attributes: Object.fromEntries(told.map(([name, value]) => [name, String(value)])) };
}

function attributesOf(queue: Queue): Input {
  const { visible, inFlight } = queue.counts();
  const Attributes = {
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
  };
  return { Attributes };
}

const numberOf = (input: Input, name: string, otherwise: number): number => {
  const value = input[name];
  return typeof value === 'number' ? value : otherwise;
};

function textOf(input: Input, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new AwsError('MissingParameter', 400, `The request must contain the parameter ${name}.`);
}

const invalid = (name: string, range: string): AwsError =>
  new AwsError('InvalidParameterValue', 400, `Value for parameter ${name} is invalid. Reason: Must be ${range}.`);
