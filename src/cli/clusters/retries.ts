import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { LoadedDataConverter } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import { classifyCode } from '../../model/errors/index.js';
import type { Retry, Trouble } from '../../model/retry.js';

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** `PENDING_ACTIVITY_STATE_SCHEDULED`: it waits for its next attempt. [temporal api: enums] */
const SCHEDULED = 1;

/**
 * Returns the activities that Temporal retries for a workflow, and what running attempts report in their heartbeats. Temporal itself
 * answers: no worker is needed.
 *
 * @param converter of the client: with KEELSON_PAYLOAD_KEYS failures and heartbeats are encrypted
 */
export async function retriesOf(
  { raw }: WorkflowExecutionDescription,
  converter: LoadedDataConverter,
): Promise<Retry[]> {
  const retries = await Promise.all((raw.pendingActivities ?? []).map((one) => retryOf(one, converter)));
  return retries.filter((one) => one !== null);
}

async function retryOf(pending: Pending, converter: LoadedDataConverter): Promise<Retry | null> {
  const activity = pending.activityType?.name ?? 'unknown';
  const attempt = pending.attempt ?? 1;
  const scheduled = isoOf(pending.scheduledTime);
  const waits = pending.state === SCHEDULED ? scheduled : null;
  const said = attempt > 1 && pending.lastFailure != null ? await failureOf(pending.lastFailure, converter) : null;
  const beat = waits === null ? await troubleOf(pending, converter) : null;
  // A running attempt says more than the one before it.
  if (beat !== null) return { ...beat, activity, attempt, failures: beat.failures + attempt - 1 };
  if (said === null) return null;
  const since = isoOf(pending.lastAttemptCompleteTime) ?? isoOf(pending.lastStartedTime) ?? scheduled ?? '';
  return { ...said, activity, attempt, failures: attempt - 1, since, nextAt: waits };
}

async function failureOf(
  failure: NonNullable<Pending['lastFailure']>,
  converter: LoadedDataConverter,
): Promise<Pick<Trouble, 'code' | 'class' | 'message' | 'hint'>> {
  const error = (await decodeOptionalFailureToOptionalError(converter, failure)) as Error & { details?: unknown[] };
  const detail = error.details?.[0] as
    | { code?: string; class?: Trouble['class']; message?: string; hint?: string }
    | undefined;
  const code =
    detail?.code ??
    (failure.timeoutFailureInfo != null ? 'ActivityTimedOut' : (failure.applicationFailureInfo?.type ?? 'Unknown'));
  const known = classifyCode(code);
  return {
    code,
    class: detail?.class ?? known.class,
    message: detail?.message ?? error.message,
    hint: detail?.hint ?? known.hint,
  };
}

async function troubleOf({ heartbeatDetails }: Pending, converter: LoadedDataConverter): Promise<Trouble | null> {
  const [beat] = (await decodeArrayFromPayloads(converter, heartbeatDetails?.payloads)) as [
    { trouble?: Trouble | null }?,
  ];
  return beat?.trouble ?? null;
}

/** Milliseconds of a protobuf timestamp. */
function isoOf(time: { seconds?: unknown; nanos?: number | null } | null | undefined): string | null {
  const seconds = Number(time?.seconds ?? 0);
  return seconds === 0 ? null : new Date(seconds * 1_000 + Math.floor((time?.nanos ?? 0) / 1e6)).toISOString();
}
