import { ApplicationFailure } from '@temporalio/common';

/** As the workflows' retry policy has it; Temporal itself adds no jitter to it. [docs: Temporal retry policies] */
const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** A refused call has cost others of the same account their turn: the first repetition leaves the bucket time to fill. */
const FIRST_THROTTLED_MS = 1_500;

/**
 * Milliseconds until the next attempt: doubling, and spread over the whole of the interval, so that many who were refused together
 * do not come back together. [AWS Architecture Blog: exponential back-off and jitter]
 *
 * @param attempt the one that has failed, from 1
 * @param random in [0, 1)
 */
export function backOffMs(attempt: number, errorClass: string | null | undefined, random: number): number {
  const first = errorClass === 'throttled' ? FIRST_THROTTLED_MS : FIRST_MS;
  const ceiling = Math.min(LONGEST_MS, first * 2 ** Math.min(attempt - 1, 16));
  return Math.round(ceiling * (0.25 + 0.75 * random));
}

/** The same failure, telling Temporal when to try again; one that is final stays as it is. */
export function withBackOff(failure: ApplicationFailure, attempt: number, random = Math.random()): ApplicationFailure {
  if (failure.nonRetryable === true || failure.nextRetryDelay != null) return failure;
  const delayed = ApplicationFailure.create({
    message: failure.message,
    ...(failure.type == null ? {} : { type: failure.type }),
    details: failure.details ?? [],
    nonRetryable: false,
    nextRetryDelay: backOffMs(attempt, failure.type, random),
    ...(failure.cause === undefined ? {} : { cause: failure.cause }),
  });
  if (failure.stack !== undefined) delayed.stack = failure.stack;
  return delayed;
}
