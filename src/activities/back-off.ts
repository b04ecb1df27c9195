import { ApplicationFailure } from '@temporalio/common';

/** In place of the workflows' retry policy, which has no jitter and is for attempts that say nothing at their end. [docs: Temporal retry policies] */
const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** A refused call has cost others of the account their turn: the first repetition gives the bucket time to fill. */
const FIRST_THROTTLED_MS = 1_500;

/**
 * Returns the milliseconds until the next attempt: doubling, and spread over the whole interval, so that callers that were refused together
 * do not come back together. [AWS Architecture Blog: exponential back-off and jitter]
 *
 * @param attempt number of the failed attempt, from 1
 * @param random in [0, 1)
 */
export function backOffMs(attempt: number, errorClass: string | null | undefined, random: number): number {
  const first = errorClass === 'throttled' ? FIRST_THROTTLED_MS : FIRST_MS;
  const ceiling = Math.min(LONGEST_MS, first * 2 ** Math.min(attempt - 1, 16));
  return Math.round(ceiling * (0.25 + 0.75 * random));
}

/** Returns the same failure with the time of the next try for Temporal; a final failure stays as it is. */
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
