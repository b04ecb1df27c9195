import {
  ActivityCancellationType,
  type ActivityFunctionWithOptions,
  type ActivityOptions,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../activities/api.js';
import { inTurn } from './in-turn.js';

/**
 * Time-outs by what an activity does. A killed worker is noticed by the heartbeat that fails to come; every activity
 * heartbeats, so that work goes on elsewhere after seconds and not after the whole time-out. [docs: Temporal, activity time-outs]
 */
const HEARTBEAT = '8s';

const RETRY = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** One or a few AWS calls. What was sent is waited for, also when the operation is cancelled: the answer may be an instance. */
const call: ActivityOptions = {
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '10m',
  heartbeatTimeout: HEARTBEAT,
  retry: RETRY,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

/** Launches and starts take turns, and in a busy region that takes its time. */
const turn: ActivityOptions = { ...call, startToCloseTimeout: '10m', scheduleToCloseTimeout: '30m' };

/** Polls until AWS or a node gets there; a cancelled wait is left at once, for nothing is lost by not waiting. */
const wait: ActivityOptions = {
  startToCloseTimeout: '30m',
  scheduleToCloseTimeout: '45m',
  heartbeatTimeout: HEARTBEAT,
  retry: RETRY,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
};

/** A question to a node, that may be dead while EC2 calls it running: its silence is an answer too, and soon. */
const ask: ActivityOptions = { ...wait, startToCloseTimeout: '50s', scheduleToCloseTimeout: '55s' };

/** A look that fails is made up for by the next one; that it has failed is told within a minute. */
const glance: ActivityOptions = { ...call, startToCloseTimeout: '25s', scheduleToCloseTimeout: '30s' };

/** A reboot takes minutes; how long the agent is waited for is in the input. */
const back: ActivityOptions = { ...wait, startToCloseTimeout: '10m', scheduleToCloseTimeout: '10m' };

/** An instance on a host in trouble may not shut down: its power is cut then. */
const shutdown: ActivityOptions = { ...wait, startToCloseTimeout: '10m', scheduleToCloseTimeout: '10m' };

/** A large database takes its time; what a worker that has died was at is gone on with after a minute and a half. */
const backup: ActivityOptions = {
  ...wait,
  startToCloseTimeout: '30m',
  scheduleToCloseTimeout: '40m',
  heartbeatTimeout: '90s',
  retry: { ...RETRY, maximumAttempts: 5 },
};

/** Status is written for people; it never holds up the work. */
const note: ActivityOptions = {
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '1m',
  heartbeatTimeout: HEARTBEAT,
  retry: { ...RETRY, maximumAttempts: 4 },
};

const calls = proxyActivities<Activities>(call);

type Runner<K extends keyof Activities> = (
  summary: string,
  ...args: Parameters<Activities[K]>
) => ReturnType<Activities[K]>;

/** Puts the summary that people read in the Web UI on each call. */
function summarised<K extends keyof Activities>(name: K, options: ActivityOptions): Runner<K> {
  const activity = calls[name] as ActivityFunctionWithOptions<Activities[K]>;
  return (summary, ...args) =>
    inTurn<unknown>(activity.executeWithOptions({ ...options, summary }, args)) as ReturnType<Activities[K]>;
}

export const activities = {
  resolvePlacement: summarised('resolvePlacement', call),
  ensureSecurityGroups: summarised('ensureSecurityGroups', call),
  observeSecurityGroups: summarised('observeSecurityGroups', glance),
  launchInstance: summarised('launchInstance', turn),
  awaitInstance: summarised('awaitInstance', wait),
  awaitReboot: summarised('awaitInstance', back),
  awaitStop: summarised('awaitInstance', shutdown),
  claimCluster: summarised('claimCluster', call),
  findCluster: summarised('findCluster', call),
  observeInstances: summarised('observeInstances', call),
  glanceAtInstances: summarised('observeInstances', glance),
  startInstances: summarised('startInstances', turn),
  stopInstances: summarised('stopInstances', call),
  rebootInstances: summarised('rebootInstances', call),
  tagInstance: summarised('tagInstance', call),
  setInstanceGroups: summarised('setInstanceGroups', call),
  modifyInstanceType: summarised('modifyInstanceType', call),
  terminateInstances: summarised('terminateInstances', {
    ...wait,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  }),
  saveRootVolume: summarised('saveRootVolume', { ...wait, startToCloseTimeout: '2h', scheduleToCloseTimeout: '3h' }),
  findDataVolumes: summarised('findDataVolumes', call),
  provideDataVolumes: summarised('provideDataVolumes', wait),
  sweep: summarised('sweep', { ...wait, scheduleToCloseTimeout: '6h' }),
  runOnNodes: summarised('runOnNodes', wait),
  askNodes: summarised('runOnNodes', ask),
  writeStatus: summarised('writeStatus', note),
  ensureWatch: summarised('ensureWatch', note),
  findBackup: summarised('findBackup', call),
  saveBackup: summarised('saveBackup', backup),
  forget: summarised('forget', call),
  storeFiles: summarised('storeFiles', call),
};
