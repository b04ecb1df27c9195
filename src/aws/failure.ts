import { ApplicationFailure } from '@temporalio/common';
import { classifyCode } from '../model/errors/index.js';
import { redact } from '../model/redact.js';
import type { ErrorClass } from '../model/state.js';
import { codeOf, httpStatusOf, messageOf } from './error-code.js';

/** Same shape as `ErrorDetail` of the activities' contract, which the adapters do not know. */
interface Detail {
  code: string;
  class: ErrorClass;
  message: string;
  advice: string;
  types?: string[];
}

/** Classes that a repetition cannot mend; the workflow decides what comes next. */
const FINAL: ReadonlySet<ErrorClass> = new Set(['capacity', 'quota', 'auth', 'invalid', 'node-script']);

/** Conflicts that stay however often the same call is made; other conflicts settle. */
const SETTLED: ReadonlySet<string> = new Set([
  'IdempotentParameterMismatch',
  'IdempotentInstanceTerminated',
  'PreconditionFailed',
]);

export interface FailureOptions {
  code: string;
  class: ErrorClass;
  /** What was tried, on what, and what came back. No secrets, no presigned URLs. */
  message: string;
  advice: string;
  /** Instance types that cannot be had, where that is what failed. */
  types?: string[];
  cause?: unknown;
  /** By default from the class. */
  nonRetryable?: boolean;
  /** Until Temporal's next attempt; by default by the number of attempts. */
  retryAfterMs?: number;
}

/** The one form in which an activity fails: `type` is the class, `details[0]` tells the rest. */
export function failure(options: FailureOptions): ApplicationFailure {
  const { code, message, advice, types } = options;
  const detail: Detail = {
    code,
    class: options.class,
    message: short(redact(message)),
    advice,
    ...(types && { types }),
  };
  return ApplicationFailure.create({
    type: options.class,
    message: detail.message,
    details: [detail],
    nonRetryable: options.nonRetryable ?? (FINAL.has(options.class) || SETTLED.has(code)),
    ...(options.retryAfterMs === undefined ? {} : { nextRetryDelay: options.retryAfterMs }),
    ...(options.cause instanceof Error ? { cause: withoutSecrets(options.cause) } : {}),
  });
}

/**
 * Turns what an AWS call threw into an `ApplicationFailure` of its class.
 *
 * @param attempted what was tried and on what, e.g. `RunInstances t3.medium in subnet-1 for server-0`
 * @returns a failure that is already one unchanged
 */
export function toFailure(error: unknown, attempted: string): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const code = codeOf(error);
  const { class: errorClass, advice } = classifyCode(code, httpStatusOf(error));
  return failure({
    code,
    class: errorClass,
    message: `${attempted}: ${code}: ${messageOf(error)}`,
    advice,
    cause: error,
  });
}

/** What a failure of this form tells. */
export function detailOf(failure: ApplicationFailure): Detail {
  return failure.details?.[0] as Detail;
}

/** AWS's words may quote what was sent, e.g. the commands of a ValidationException; the failure and its causes go into the history. */
function withoutSecrets(error: Error): Error {
  const [message, stack] = [redact(error.message), redact(error.stack ?? '')];
  const cause = error.cause instanceof Error ? withoutSecrets(error.cause) : undefined;
  if (message === error.message && stack === (error.stack ?? '') && cause === error.cause) return error;
  return Object.assign(new Error(short(message), { ...(cause && { cause }) }), {
    name: error.name,
    stack: short(stack),
  });
}

/** A failure with its cause may weigh 4 KiB in all [Temporal limits]. */
function short(text: string): string {
  return text.length <= 1_500 ? text : `${text.slice(0, 1_497)}...`;
}
