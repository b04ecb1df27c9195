import {
  ActivityCancellationType,
  type ActivityFunctionWithOptions,
  type ActivityOptions,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities, CallContext } from '../../activities/api.js';
import { secondsOf } from '../../model/duration.js';
import { inTurn } from '../cluster/in-turn.js';
import { type Limits, take, takeFailure } from './result-time.js';

/**
 * Time-outs by what an activity does. A missing heartbeat reveals a killed worker: every activity heartbeats, so that work continues
 * elsewhere after seconds and not after the whole time-out. [docs: Temporal, activity time-outs] An attempt beats each quarter of it, and a beat is billed.
 */
const HEARTBEAT = '8s';

/**
 * Of what takes most of an operation's time and harms no one when two workers do it: it only reads, or finds the same job again. What changes something keeps the longer one,
 * because a worker that is merely slow loses an attempt sooner [ADR 0077].
 */
const QUICK_HEARTBEAT = '4s';

/** Of attempts that were lost with their worker: failures bring the time of the next try themselves [activities/back-off.ts]. */
const RETRY = { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** One or a few AWS calls. A sent call is awaited, also when the operation is cancelled: the answer may be an instance. */
const call: ActivityOptions = {
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '10m',
  heartbeatTimeout: HEARTBEAT,
  retry: RETRY,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

/** One or a few calls that read. */
const look: ActivityOptions = { ...call, heartbeatTimeout: QUICK_HEARTBEAT };

/** New names, launches, starts and changes of groups take turns, and a busy region makes them wait. */
const turn: ActivityOptions = { ...call, startToCloseTimeout: '10m', scheduleToCloseTimeout: '30m' };

/** Polls until AWS or a node gets there; a cancelled wait ends at once, because that loses nothing. */
const wait: ActivityOptions = {
  startToCloseTimeout: '30m',
  scheduleToCloseTimeout: '45m',
  heartbeatTimeout: HEARTBEAT,
  retry: RETRY,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
};

/** Asks a node that may be dead while EC2 calls it running: its silence is an answer too, and comes soon. */
const ask: ActivityOptions = { ...wait, startToCloseTimeout: '50s', scheduleToCloseTimeout: '55s' };

/**
 * An observation; the next one makes up for a failed one, and Keelson reports the failure within a minute. It only reads: a request that ends it does not wait until the
 * cancel has reached it, with a heartbeat seconds later. [npm run bench -- thousands: stops]
 */
const glance: ActivityOptions = {
  ...call,
  startToCloseTimeout: '25s',
  scheduleToCloseTimeout: '30s',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
};

/** What an operation waits for: an instance, or a job that has an id. */
const quickWait: ActivityOptions = { ...wait, heartbeatTimeout: QUICK_HEARTBEAT };

/** A reboot takes minutes; the input says how long to wait for the agent. */
const back: ActivityOptions = { ...quickWait, startToCloseTimeout: '10m', scheduleToCloseTimeout: '10m' };

/** An instance on a host in trouble may not shut down: then its power is cut. */
const shutdown: ActivityOptions = { ...quickWait, startToCloseTimeout: '10m', scheduleToCloseTimeout: '10m' };

/** A large database takes its time; another worker takes over after a minute and a half. */
const backup: ActivityOptions = {
  ...wait,
  startToCloseTimeout: '30m',
  scheduleToCloseTimeout: '40m',
  heartbeatTimeout: '90s',
  retry: { ...RETRY, maximumAttempts: 5 },
};

/** A person or a step waits for it: a heartbeat or two reveal a dead worker. */
const askedBackup: ActivityOptions = {
  ...backup,
  heartbeatTimeout: HEARTBEAT,
  retry: { ...RETRY, maximumAttempts: 10 },
};

/**
 * People read the status; it never holds the work up. A write holds the next one back for 5 s [ADR 0064], which no beat tells of: the time-out finds a killed worker as soon as
 * a heartbeat of 8 s did, and of a thousand creates these were a sixth of all beats [ADR 0097].
 */
const note: ActivityOptions = {
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '1m',
  retry: { ...RETRY, maximumAttempts: 4 },
};

/** A call that takes a server down, and waits so long for a worker, is asked for again, after another look at the quorum. */
const BEGIN_OF_TAKING_DOWN = '1m';

/** Of what brings back what has run, where the slots of the workers are short: 1 is the first, and all other calls have 3. [docs: Temporal, task queue priority] */
const URGENT = { priorityKey: 2 } as const;

// Each call brings its own options: what they leave out is left out.
const calls = proxyActivities<Activities>({ startToCloseTimeout: '1m' });

type Runner<K extends keyof Activities> = (
  summary: string,
  ...args: Parameters<Activities[K]>
) => ReturnType<Activities[K]>;

const msOf = (duration: unknown): number => secondsOf(String(duration)) * 1_000;

const limitsOf = ({ startToCloseTimeout, scheduleToCloseTimeout, heartbeatTimeout }: ActivityOptions): Limits => ({
  ...(startToCloseTimeout !== undefined && { START_TO_CLOSE: msOf(startToCloseTimeout) }),
  ...(scheduleToCloseTimeout !== undefined && { SCHEDULE_TO_CLOSE: msOf(scheduleToCloseTimeout) }),
  ...(heartbeatTimeout !== undefined && { HEARTBEAT: msOf(heartbeatTimeout) }),
  SCHEDULE_TO_START: msOf(BEGIN_OF_TAKING_DOWN),
});

/** Adds to each call the summary that people read in the Web UI. */
function summarised<K extends keyof Activities>(name: K, options: ActivityOptions): Runner<K> {
  const activity = calls[name] as ActivityFunctionWithOptions<Activities[K]>;
  const run = async (summary: string, args: Parameters<Activities[K]>): Promise<unknown> => {
    const begunAt = Date.now();
    // Each activity has one input, and those that take a server down have the first in theirs; the others lack it.
    const [{ quorumSeenAt, urgent }] = args as [Partial<CallContext>];
    const within = {
      ...options,
      ...(quorumSeenAt !== undefined && { scheduleToStartTimeout: BEGIN_OF_TAKING_DOWN }),
      ...(urgent && { priority: URGENT }),
    };
    try {
      return take<unknown>(await inTurn<unknown>(activity.executeWithOptions({ ...within, summary }, args)));
    } catch (error) {
      takeFailure(error, begunAt, limitsOf(within));
      throw error;
    }
  };
  // The result stands in an envelope with its time, so that its type is lost on the way: `take` returns what the activity has returned.
  return (summary, ...args) => run(summary, args) as ReturnType<Activities[K]>;
}

export const activities = {
  resolveLaunchConfig: summarised('resolveLaunchConfig', look),
  ensureSecurityGroups: summarised('ensureSecurityGroups', turn),
  ensureDrillGroup: summarised('ensureDrillGroup', call),
  observeSecurityGroups: summarised('observeSecurityGroups', glance),
  launchInstance: summarised('launchInstance', turn),
  launchInstances: summarised('launchInstances', turn),
  awaitInstance: summarised('awaitInstance', quickWait),
  awaitReboot: summarised('awaitInstance', back),
  awaitStop: summarised('awaitInstance', shutdown),
  claimCluster: summarised('claimCluster', turn),
  findCluster: summarised('findCluster', look),
  observeInstances: summarised('observeInstances', look),
  brieflyObserveInstances: summarised('observeInstances', glance),
  startInstances: summarised('startInstances', turn),
  stopInstances: summarised('stopInstances', call),
  rebootInstances: summarised('rebootInstances', call),
  tagInstance: summarised('tagInstance', call),
  tagInstances: summarised('tagInstances', turn),
  setInstanceGroups: summarised('setInstanceGroups', turn),
  modifyInstanceType: summarised('modifyInstanceType', call),
  terminateInstances: summarised('terminateInstances', {
    ...wait,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  }),
  saveRootVolume: summarised('saveRootVolume', { ...wait, startToCloseTimeout: '2h', scheduleToCloseTimeout: '3h' }),
  findServerDisks: summarised('findServerDisks', glance),
  findDataVolumes: summarised('findDataVolumes', look),
  provideDataVolumes: summarised('provideDataVolumes', wait),
  sweep: summarised('sweep', { ...wait, scheduleToCloseTimeout: '6h' }),
  runOnNodes: summarised('runOnNodes', quickWait),
  askNodes: summarised('runOnNodes', ask),
  writeStatus: summarised('writeStatus', note),
  ensureWatch: summarised('ensureWatch', note),
  findBackup: summarised('findBackup', look),
  saveBackup: summarised('saveBackup', backup),
  saveAskedBackup: summarised('saveBackup', askedBackup),
  forget: summarised('forget', call),
  storeFiles: summarised('storeFiles', call),
};
