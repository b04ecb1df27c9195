import { CancellationScope } from '@temporalio/workflow';
import { backupIdOf } from '../../../model/backup/keys.js';
import { backupDue, canBackUp } from '../../../model/backup/schedule.js';
import { backupServer } from '../../../model/backup/server.js';
import { jobIdOf } from '../../../model/ids.js';
import type { Step } from '../../../model/plan/index.js';
import { clusterSchema } from '../../../model/spec/schema.js';
import type { ErrorRecord, Slot } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { errorRecordOf, failure, isCancelled } from '../../lib/errors.js';
import { jobFailure } from '../../lib/node-job.js';
import { type Cluster, callContext, emit, now, slotOf } from '../context.js';
import { giveUpRotation } from './rotate.js';

/** A large database on a small machine. */
const TIMEOUT_SECONDS = 1_200;

/** A document without `spec.backup` keeps what is asked for by hand as long as one that has it by default. */
const KEEP = clusterSchema.shape.spec.shape.backup.unwrap().parse({}).keep;

/**
 * The backup that someone has asked for. One that fails has failed: the operation ends, and the person who waits learns why. It is not a failure of the
 * cluster's, so it counts against no breaker. That of a rotation is tried again where a moment may change the outcome: a server that has just been
 * restarted may answer late, and the rotation that was asked for would end for it.
 */
export async function backup(cluster: Cluster, step: Step): Promise<void> {
  const { state } = cluster;
  const { asked } = state.backup;
  // Another rotation may be asked for meanwhile, after this one was cancelled.
  const ref = state.rotation?.ref;
  state.backup.asked = false;
  const error = await takeBackup(cluster, step).catch((reason: unknown) => {
    // A report that costs the quorum ends each step, and may be wrong: anyone who has asked for the backup still wants it.
    state.backup.asked ||= asked;
    throw reason;
  });
  const record = state.operation?.steps.findLast((one) => one.kind === 'backup' && one.outcome === 'running');
  if (error !== null && record !== undefined) record.error = error;
  if (state.rotation === null || state.rotation.ref !== ref) return;
  if (error === null) state.rotation = { ...state.rotation, backup: state.backup.id };
  else if (mayPass(error) && (state.breakers.rotate?.failures ?? 0) + 1 < MOST_FAILURES)
    throw failure(error.class, error.code, error.message, error.hint);
  else giveUpRotation(cluster, error);
}

/** So often is the backup of a rotation tried. */
const MOST_FAILURES = 3;

/** Failures of a script on a server that is busy or was interrupted. */
const PASSING: ReadonlySet<string> = new Set([
  'ApiUnreachable',
  'MarkerNotWritten',
  'SnapshotFailed',
  'NodeInterrupted',
  'NodeScriptTimedOut',
  'CommandUndelivered',
]);

const mayPass = ({ class: errorClass, code }: ErrorRecord): boolean =>
  errorClass === 'transient' || errorClass === 'throttled' || PASSING.has(code);

/** Returns whether the time of the next backup by schedule has come. */
export const isBackupDue = ({ state }: Cluster): boolean => {
  const due = backupDue(state);
  return due !== null && due <= now();
};

/** Returns the milliseconds until the next backup by schedule; null without one. */
export function untilBackup({ state }: Cluster): number | null {
  const due = backupDue(state);
  return due === null ? null : Math.max(0, Date.parse(due) - Date.now());
}

/**
 * The backup whose time has come, without an operation: of those there would be a thousand a year, and one that goes well is not news. A request
 * that comes meanwhile ends it, and it is taken when that is carried out.
 */
export async function scheduledBackup(cluster: Cluster): Promise<void> {
  const problemBefore = cluster.state.backup.problem;
  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    cluster.control.cancel = () => scope.cancel();
    cluster.control.interruptWaits = () => scope.cancel();
    await takeBackup(cluster, { id: 'backup', slot: null });
  })
    .catch((error: unknown) => {
      if (!isCancelled(error)) throw error;
    })
    .finally(() => {
      cluster.control.cancel = null;
      cluster.control.interruptWaits = null;
    });
  // The Web UI shows only changes.
  cluster.status.publish(problemBefore === null && cluster.state.backup.problem === null ? 'without-write' : 'write');
}

/** @returns why it failed, or null */
async function takeBackup(cluster: Cluster, step: Pick<Step, 'id' | 'slot'>): Promise<ErrorRecord | null> {
  const { state } = cluster;
  const at = now();
  const isNews = state.operation !== null || state.backup.problem !== null;
  try {
    const { id, size, removed } = await save(cluster, at, step.slot);
    const { supersededBy: _, ...known } = state.backup;
    state.backup = { ...known, at, id, size, triedAt: at, failures: 0, problem: null };
    if (isNews)
      emit(
        cluster,
        'Normal',
        'BackupTaken',
        `backup ${id} is in the bucket (${size} bytes)${removed.length === 0 ? '' : `; ${removed.length} that are no longer kept are deleted`}`,
      );
    return null;
  } catch (reason) {
    if (isCancelled(reason)) throw reason;
    const error = errorRecordOf(reason, step, state.operation?.id ?? null, state.backup.failures + 1);
    const { code, message, hint } = error;
    state.backup = {
      ...state.backup,
      triedAt: now(),
      failures: state.backup.failures + 1,
      problem: { code, message: message.split('\n')[0] ?? '', hint },
    };
    emit(cluster, 'Warning', 'BackupFailed', `${code}: ${message.split('\n')[0]}`);
    return error;
  }
}

/** @param name of the slot of the server that saves it; null for the one that suits best */
async function save(
  cluster: Cluster,
  at: string,
  name: string | null,
): Promise<{ id: string; size: number; removed: string[] }> {
  const { state } = cluster;
  const { document } = state;
  const best = canBackUp(state) ? backupServer(state) : null;
  const slot = name === null ? best : slotOf(cluster, name);
  if (slot === null || slot.instance === null)
    throw failure('conflict', 'NoServerUp', 'no server is up that could save a snapshot', 'see the conditions');
  const id = backupIdOf(at);
  state.jobCount += 1;
  const { instance } = slot;
  const run = state.operation === null ? activities.saveBackup : activities.saveAskedBackup;
  const { job, saved, key } = await run(`${slot.name}: back up to the bucket`, {
    ...callContext(cluster),
    instanceId: instance.id,
    ...(slot.sealKey?.instanceId === instance.id && { keys: { [instance.id]: slot.sealKey.publicKey } }),
    jobId: jobIdOf(document.metadata.name, state.uid, 'backup', slot.name, state.jobCount),
    timeoutSeconds: TIMEOUT_SECONDS,
    ...{ id, at, document },
    marker: `${state.uid}/${id}`,
    keep: document.spec.backup?.keep ?? KEEP,
    generations: state.generations,
  });
  if (key !== undefined && slot.sealKey?.instanceId !== instance.id)
    slot.sealKey = { instanceId: instance.id, publicKey: key };
  if (saved === null) throw backupFailure(slot, job);
  return { id, size: saved.size, removed: saved.removed };
}

const backupFailure = (slot: Slot, job: Parameters<typeof jobFailure>[2] | null) =>
  job === null
    ? failure('unknown', 'JobResultMissing', `${slot.name}: backup gave no result`, 'see the worker log')
    : jobFailure(slot, { script: 'backup' }, job);
