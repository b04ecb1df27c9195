import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import type { ErrorDetail } from '../../activities/api.js';
import { ERROR_CLASSES, type ErrorClass, type ErrorRecord } from '../../model/state.js';

/** Makes a failure that the workflow itself finds in a step, in the shape that activities use. */
export function failure(type: ErrorRecord['class'], code: string, message: string, hint: string): ApplicationFailure {
  const detail: ErrorDetail = { code, class: type, message, hint };
  return ApplicationFailure.create({ type, message, details: [detail], nonRetryable: true });
}

/** Returns what a failed step tells people and the breaker, whatever wrapped its error. */
export function errorRecordOf(
  error: unknown,
  step: { id: string; slot: string | null },
  operation: string | null,
  attempt: number,
): ErrorRecord {
  const where = { at: new Date().toISOString(), operation, step: step.id, slot: step.slot, attempt };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  // The last failure of an activity that was retried until its time-out says more than the time-out.
  const detail = detailOf(error) ?? (cause instanceof TimeoutFailure ? detailOf(cause.cause) : null);
  if (detail !== null)
    return { ...where, code: detail.code, class: detail.class, message: detail.message, hint: detail.hint };
  if (cause instanceof TimeoutFailure) {
    return {
      ...where,
      code: 'ActivityTimedOut',
      class: 'transient',
      message: `${step.id}: no result in time (${cause.message})`,
      hint: 'check that a worker runs and reaches AWS; Keelson tries it again',
    };
  }
  if (cause instanceof ApplicationFailure) {
    const known = ERROR_CLASSES.find((one) => one === cause.type) ?? 'unknown';
    return {
      ...where,
      code: cause.type ?? 'Unknown',
      class: known,
      message: cause.message,
      hint: 'see the worker log for the operation id',
    };
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return { ...where, code: 'Unknown', class: 'unknown', message, hint: 'see the worker log for the operation id' };
}

/** Returns what an activity or a step said about its failure, or null. */
export function detailOf(error: unknown): ErrorDetail | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? ((cause.details?.[0] as ErrorDetail | undefined) ?? null) : null;
}

/** Returns the error class that an activity or a step gave its failure, or null. */
export function classOf(error: unknown): ErrorClass | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (ERROR_CLASSES.find((one) => one === cause.type) ?? null) : null;
}

/** Returns whether an activity gave no answer in time. */
export const isTimeout = (error: unknown): boolean =>
  error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;

/** Returns whether the error says that someone cancelled, wrapped or not. */
export function isCancelled(error: unknown): boolean {
  return (
    error instanceof CancelledFailure || (error instanceof ActivityFailure && error.cause instanceof CancelledFailure)
  );
}
