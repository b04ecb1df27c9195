import type { WorkflowHandle } from '@temporalio/client';
import type { StatusView } from '#src/model/status.js';
import { PATIENCE_MS } from '../../support/patience.js';
import type { StackFixture } from '../fixture.js';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** A cluster that is in doubt looks again 13 s later, one that is not well or could not look after 30 s at first. [workflows/cluster/observe/schedule.ts] */
const SOON_MS = 60_000;
const PAUSE_MS = 100;

/**
 * Waits until a cluster is well and rests: whatever happens to its instances then, it learns from the watch of the region or from an event, and not by a look
 * of its own that the operation before has left to it.
 */
export async function atRest(fixture: Pick<StackFixture, 'client'>, name: string): Promise<StatusView> {
  const handle = fixture.client.workflow.getHandle(`cluster/${name}`);
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    const busy = busyWith(await handle.fetchHistory(), Date.now());
    const status = await handle.query<StatusView>('status');
    const { phase, health, operation, waiting } = status;
    if (busy.length === 0 && health === 'Healthy' && operation === null) return status;
    if (Date.now() > end)
      throw new Error(`${name} never rested: ${JSON.stringify({ phase, health, operation, waiting, busy })}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** What a history has under way, in words; a write of status.yaml observes nothing. */
function busyWith({ events }: History, now: number): string[] {
  const activities = new Map<string, string>();
  const timers = new Map<string, number>();
  let isTaskOpen = false;
  for (const event of events ?? []) {
    if (event.workflowTaskScheduledEventAttributes) isTaskOpen = true;
    if (event.workflowTaskCompletedEventAttributes) isTaskOpen = false;
    const { activityTaskScheduledEventAttributes: scheduled, timerStartedEventAttributes: started } = event;
    if (scheduled) activities.set(String(event.eventId), scheduled.activityType?.name ?? '');
    const closed =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes ??
      event.activityTaskCanceledEventAttributes;
    activities.delete(String(closed?.scheduledEventId));
    if (started) timers.set(started.timerId ?? '', msOf(event.eventTime) + msOf(started.startToFireTimeout));
    const over = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
    timers.delete(over?.timerId ?? '');
  }
  const soon = [...timers.values()].filter((due) => due < now + SOON_MS);
  return [
    ...(isTaskOpen ? ['a workflow task'] : []),
    ...[...activities.values()].filter((activity) => activity !== 'writeStatus'),
    ...soon.map((due) => `a timer of ${Math.round((due - now) / 1_000)} s`),
    ...(timers.size === 0 ? ['no timer'] : []),
  ];
}

const msOf = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
