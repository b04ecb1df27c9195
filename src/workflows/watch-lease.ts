import {
  ActivityFailure,
  condition,
  isCancellation,
  log,
  proxyLocalActivities,
  setCurrentDetails,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Activities, RegionScope } from '../activities/api.js';
import { type ObservationFailure, SUBJECTS } from '../model/observation-failure.js';
import { placeText, watchIdOf } from '../model/watch/place.js';

/** Runs in the process of this workflow: whatever stops the watch's activity must not hide that it has stopped. */
const { tellUnobserved } = proxyLocalActivities<Activities>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '2m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
});

/** How long the next attempt may take to its first round before the clusters are notified: a worker that ends is not news. */
const GRACE_MS = 15_000;
/** Time since the last sign of life when a heartbeat is missing. */
const HEARTBEAT_MS = 24_000;

/** Whether someone observes the region, as far as this workflow knows. */
export interface Lease {
  /** The activity has ended without observing to its end: unless it observes again soon, the clusters are notified. */
  lose(error: unknown): void;
  /** The activity observes. */
  renew(at: unknown): void;
  /** Returns whether no activity is known to observe. */
  isOut(): boolean;
  /** Resolves when no notification is on its way. */
  settled(): Promise<void>;
}

/**
 * @param callContext what the watch is given now: its role may become another one
 * @param show shows that the region is observed
 */
export function createLease(callContext: () => RegionScope, show: () => void): Lease {
  let lostAt: number | null = null;
  let cause = '';
  let telling: Promise<void> = Promise.resolve();

  const watchOver = async (): Promise<void> => {
    if (await condition(() => lostAt === null, GRACE_MS)) return;
    const since = new Date(lostAt ?? Date.now()).toISOString();
    const scope = callContext();
    const id = watchIdOf(scope);
    const message = `${id} does not observe: ${cause}`;
    const hint = `see ${id} in Temporal, the log of the worker, and whether the worker has CPU enough`;
    const failure = { code: 'RegionWatchFailed', class: 'transient', message, hint, since } as const;
    const failures: ObservationFailure[] = SUBJECTS.map((subject) => ({ subject, ...failure }));
    setCurrentDetails(`**${placeText(scope)} is not observed** since ${since}: ${cause}`);
    await tellUnobserved({ ...scope, report: { at: new Date().toISOString(), failures } });
  };

  return {
    lose(error) {
      cause = causeOf(error);
      if (lostAt !== null) return;
      lostAt = Date.now() - (isMissedHeartbeat(error) ? HEARTBEAT_MS : 0);
      telling = watchOver().catch((reason: unknown) => {
        if (isCancellation(reason)) return;
        log.warn('the clusters could not be told that they are not observed', {
          region: callContext().region,
          reason: causeOf(reason),
        });
      });
    },
    renew() {
      lostAt = null;
      show();
    },
    isOut: () => lostAt !== null,
    settled: () => telling,
  };
}

function causeOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  if (!(cause instanceof TimeoutFailure)) return cause instanceof Error ? cause.message : String(cause);
  if (cause.timeoutType === 'SCHEDULE_TO_START') return 'no worker takes its activity';
  return isMissedHeartbeat(error) ? 'its worker gives no sign of life' : cause.message;
}

function isMissedHeartbeat(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'HEARTBEAT';
}
