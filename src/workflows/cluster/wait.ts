import { awaitedTry, type Hold, tryAfter } from '../../model/breaker.js';
import type { Plan } from '../../model/plan/index.js';
import { elapse } from '../lib/result-time.js';
import { type Cluster, now } from './context.js';
import { markBlocked, markConverged } from './converge.js';
import { observe } from './observe/index.js';
import { ensureWatch, takeRegionReport } from './observe/region-report.js';
import { isQuiet, untilObservationDue } from './observe/schedule.js';
import { endLeftSteps } from './operation/leave.js';
import { restoreWithoutRequest, withHeld } from './steps/automatic-restore.js';
import { isBackupDue, scheduledBackup, untilBackup } from './steps/backup.js';
import { moveDrill, untilDrill } from './steps/drilling.js';
import { unlessMessage } from './unless-message.js';

/** Nothing is to be done: waits for a message, for the next observation, or for what may be done later. */
export async function idle(self: Cluster, next: Plan): Promise<void> {
  const { deferred, waitsFor, until = null } = next;
  const { revision } = self.inbox;
  const lost = next.blocked?.code === 'QuorumLost' ? await restoreWithoutRequest(self, next.blocked) : null;
  // The planner takes requests that came while EC2 was asked.
  if (lost?.begun === true || self.inbox.revision !== revision) return;
  const blocked = next.blocked && lost !== null ? withHeld(next.blocked, lost) : next.blocked;
  if (blocked !== undefined) markBlocked(self, blocked);
  else if (deferred === undefined) markConverged(self);
  if (!self.observations.watchEnsured) {
    await ensureWatch(self);
    return;
  }
  const said = blocked === undefined ? deferred?.messages.join('; ') : `a person: ${blocked.message}`;
  const what = said === undefined ? (waitsFor ?? null) : { for: said };
  const due = until === null ? (lost?.again ?? null) : Date.parse(until) - Date.now();
  const ended = await rest(self, what, due);
  // Before anything is done whose time has come: what was seen last may be a quarter of an hour old.
  if (ended === 'due') await observe(self);
}

/** Nothing may be tried now. What is seen and heard meanwhile is taken over, and does not begin the next try. */
export async function holdOff(self: Cluster, hold: Hold): Promise<void> {
  const ms = Date.parse(hold.until) - Date.now();
  // Later than was said, never sooner; jitter keeps those apart that have failed together.
  const ended = await rest(self, { for: tryAfter(hold), until: hold.until }, ms * (1 + 0.1 * Math.random()));
  // The last observation may be as old as the hold.
  if (ended === 'due') await observe(self);
}

/** The cluster is paused: it is observed as at any other time, and nothing is done about what that shows. */
export async function onlyObserve(self: Cluster): Promise<void> {
  const { state } = self;
  takeRegionReport(self);
  if (state.observeRequested) {
    await observe(self);
    return;
  }
  if (!self.observations.watchEnsured && Object.values(state.slots).some(({ instance }) => instance !== null)) {
    await ensureWatch(self);
    return;
  }
  const quietMs = untilObservationDue(state) * (0.9 + 0.2 * Math.random());
  const ended = await pause(self, { for: 'resume', until: null }, quietMs);
  if (ended === 'time') await observe(self, { groups: !isQuiet(state) });
}

/** Waits at most so long, and looks when that is wanted or due. */
async function rest(self: Cluster, what: Awaited | null, dueMs: number | null): Promise<'due' | 'other'> {
  const { state } = self;
  takeRegionReport(self);
  // A drill needs nothing that an observation tells, and anyone who has asked for it may wait. A backup that is due comes first, to be the one that is proven.
  if (untilDrill(self) === 0 && !isBackupDue(self)) {
    const { revision } = self.inbox;
    await moveDrill(self);
    if (self.inbox.revision !== revision) return 'other';
  }
  if (state.observeRequested) {
    await observe(self);
    return 'other';
  }
  const begun = Date.now();
  const quietMs = untilObservationDue(state) * (0.9 + 0.2 * Math.random());
  const ms = Math.max(1_000, dueMs ?? Number.POSITIVE_INFINITY);
  const ended = await pauseBetweenDues(self, what, begun + Math.min(quietMs, ms));
  if (ended === 'time' && quietMs > ms) return 'due';
  // An observation that no one has asked for costs no call that the region watch makes for all clusters at once. [decision 20]
  if (state.observeRequested) await observe(self);
  else if (ended === 'time') await observe(self, { groups: !isQuiet(state) });
  return 'other';
}

/**
 * Waits until that time. It takes the backups and begins the drills that fall due meanwhile: they neither delay an observation nor cause one.
 */
async function pauseBetweenDues(self: Cluster, what: Awaited | null, until: number): Promise<'time' | 'message'> {
  for (;;) {
    const remainingMs = Math.max(0, until - Date.now());
    const next = Math.min(remainingMs, untilBackup(self) ?? remainingMs, untilDrill(self) ?? remainingMs);
    const { revision } = self.inbox;
    const ended = isBackupDue(self) || untilDrill(self) === 0 ? 'time' : await pause(self, what, next);
    if (ended === 'message') return ended;
    const [backup, drill] = [isBackupDue(self), untilDrill(self) === 0];
    if (!backup && !drill) return ended;
    if (backup) await scheduledBackup(self);
    if (drill) await moveDrill(self);
    if (self.inbox.revision !== revision) return 'message';
    if (Date.now() >= until) return 'time';
  }
}

/** What is waited for, and until when, where that is another time than the end of this pause; null for no known time. */
interface Awaited {
  for: string;
  until?: string | null;
}

/** A longer summary fails the workflow's task. [Temporal server: limit.userMetadataSummarySize, 400 bytes] */
const SUMMARY = 200;

/** Waits for a message, at most so long. The timer's summary tells people what for. */
export async function pause(self: Cluster, what: Awaited | null, ms: number | null): Promise<'time' | 'message'> {
  const { revision } = self.inbox;
  // Nothing takes up now what the history before has left.
  if (self.state.operation !== null) endLeftSteps(self.state.operation, []);
  const end = ms === null ? null : new Date(Date.now() + ms).toISOString();
  const since = what !== null && self.state.waiting?.for === what.for ? self.state.waiting.since : now();
  self.state.waiting =
    what === null ? null : { for: what.for, since, until: what.until === undefined ? end : what.until };
  const summary = what?.for.slice(0, SUMMARY) ?? 'quiet: nothing to do until a message or the next observation';
  self.status.publish();
  await unlessMessage(self, ms === null ? undefined : () => elapse(ms, { summary }));
  self.state.waiting = awaitedTry(self.state, now());
  return self.inbox.revision === revision ? 'time' : 'message';
}
