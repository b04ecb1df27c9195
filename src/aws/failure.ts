import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { classifyCode } from '../model/errors/index.js';
import { redact } from '../model/redact.js';
import type { ErrorClass } from '../model/state.js';
import { codeOf, httpStatusOf, messageOf } from './error-code.js';

/** Has the shape of `ErrorDetail` of the activities' contract, which the adapters do not know. */
interface Detail {
  code: string;
  class: ErrorClass;
  message: string;
  hint: string;
  types?: string[];
}

/** Classes that a repetition cannot help; the workflow decides what comes next. */
const FINAL: ReadonlySet<ErrorClass> = new Set(['capacity', 'quota', 'auth', 'invalid', 'node-script']);

/** Conflicts that stay however often the call is repeated; other conflicts settle. */
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
  hint: string;
  /** Instance types that are unavailable, if that is the cause. */
  types?: string[];
  cause?: unknown;
  /** By default from the class. */
  nonRetryable?: boolean;
  /** Until Temporal's next attempt; by default by the number of attempts. */
  retryAfterMs?: number;
  /** Nothing is wrong: neither logs nor metrics count it as a failure. */
  benign?: boolean;
}

/** Returns a failure in the one form that activities use: `type` is the class, `details[0]` holds the rest. */
export function failure(options: FailureOptions): ApplicationFailure {
  const { code, message, hint, types } = options;
  const detail: Detail = {
    code,
    class: options.class,
    message: short(redact(message)),
    hint,
    ...(types && { types }),
  };
  return ApplicationFailure.create({
    type: options.class,
    message: detail.message,
    details: [detail],
    nonRetryable: options.nonRetryable ?? (FINAL.has(options.class) || SETTLED.has(code)),
    ...(options.retryAfterMs === undefined ? {} : { nextRetryDelay: options.retryAfterMs }),
    ...(options.benign === true && { category: ApplicationFailureCategory.BENIGN }),
    ...(options.cause instanceof Error ? { cause: withoutSecrets(options.cause) } : {}),
  });
}

/**
 * Turns an error of an AWS call into an `ApplicationFailure` of its class.
 *
 * @param attempted what was tried and on what, e.g. `RunInstances t3.medium in subnet-1 for server-0`
 * @returns the same failure if it is one already
 */
export function toFailure(error: unknown, attempted: string): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const code = codeOf(error);
  const { class: errorClass, hint } = classifyCode(code, httpStatusOf(error));
  return failure({
    code,
    class: errorClass,
    message: `${attempted}: ${code}: ${messageOf(error)}`,
    hint,
    cause: error,
  });
}

/** Returns the details of a failure of this form. */
export function detailOf(failure: ApplicationFailure): Detail {
  return failure.details?.[0] as Detail;
}

/** AWS's words may quote the request, e.g. the commands of a ValidationException; the failure and its causes go into the history. */
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
