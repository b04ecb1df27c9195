import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Logger } from 'pino';
import { messageOf } from '../aws/error-code.js';
import { detailOf, toFailure } from '../aws/failure.js';
import type { ErrorNote } from '../model/observation-failure.js';
import { type Event, parseEvent } from './parse.js';

/** SQS's maximum. [docs: SQS ReceiveMessage] */
const BATCH = 10;
/** Shorter than the client waits for an answer. */
const POLL_SECONDS = 15;
/** Delay before a failed message comes again. */
const AGAIN_SECONDS = 60;
const LONGEST_PAUSE_MS = 60_000;
const NOT_READY_MS = 1_000;
/** A lost zone causes events of hundreds of instances at once. */
const MOST_IN_HAND = 200;
/** How many passing failures in a row count. */
const FAILURES = 3;
const PASSING: ReadonlySet<string> = new Set(['throttled', 'transient']);

export interface BridgeOptions {
  sqs: SQSClient;
  queueUrl: string;
  logger: Logger;
  /** Whether events can be handled now. Otherwise it takes none: after three attempts a message is a dead letter. */
  isReady?: () => boolean;
  /** Handles an event; an exception brings the message back later. */
  handle: (event: Event) => Promise<void>;
}

export interface Bridge {
  /** Why the queue cannot be read; null when it can, as far as is known. */
  problem(): Omit<ErrorNote, 'since'> | null;
  /** Ends the present poll; messages in hand are finished. */
  stop(): Promise<void>;
}

/**
 * Reads the queue of events by long poll until it is stopped. Every worker does, and a message goes to one of them. An event only causes an
 * observation, so it needs no memory in Temporal: one that is lost with a worker comes again, or the region watch sees the change.
 */
export function startBridge(options: BridgeOptions): Bridge {
  const end = new AbortController();
  let problem: Omit<ErrorNote, 'since'> | null = null;
  const done = poll(options, end.signal, (latest) => {
    problem = latest;
  });
  return {
    problem: () => problem,
    stop: async () => {
      end.abort();
      await done;
    },
  };
}

async function poll(
  { sqs, queueUrl, logger, handle, isReady = () => true }: BridgeOptions,
  signal: AbortSignal,
  tell: (problem: Omit<ErrorNote, 'since'> | null) => void,
): Promise<void> {
  const inHand = new Set<Promise<void>>();
  let failures = 0;
  while (!signal.aborted) {
    if (!isReady()) {
      await sleep(NOT_READY_MS, undefined, { signal }).catch(() => undefined);
      continue;
    }
    try {
      const { Messages: messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: BATCH,
          WaitTimeSeconds: POLL_SECONDS,
          VisibilityTimeout: AGAIN_SECONDS,
        }),
        { abortSignal: signal },
      );
      failures = 0;
      tell(null);
      for (const message of messages) {
        const work = take(message).finally(() => inHand.delete(work));
        inHand.add(work);
      }
      // Many events at a time: their questions for owners share calls.
      if (inHand.size >= MOST_IN_HAND) await Promise.race(inHand);
    } catch (error) {
      if (signal.aborted) break;
      failures += 1;
      const { code, class: errorClass, message, hint } = detailOf(toFailure(error, `ReceiveMessage from ${queueUrl}`));
      if (failures >= FAILURES || !PASSING.has(errorClass)) tell({ code, class: errorClass, message, hint });
      logger.warn({ error: message, failures }, 'events cannot be read; until they can, the region watch sees changes');
      await sleep(Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** failures), undefined, { signal }).catch(() => undefined);
    }
  }
  await Promise.all(inHand);

  async function take({ Body: body = '', ReceiptHandle: handleOfReceipt, MessageId: id }: Message): Promise<void> {
    try {
      const event = parseEvent(body);
      if (event === null) logger.debug({ id }, 'a message that is not one of our events');
      else await handle(event);
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: handleOfReceipt }));
    } catch (error) {
      logger.warn(
        { id, error: messageOf(error) },
        `an event could not be handled; it comes again in ${AGAIN_SECONDS} s, and is a dead letter after three attempts`,
      );
    }
  }
}
