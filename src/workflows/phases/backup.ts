import { CancellationScope } from '@temporalio/workflow';
import { backupIdOf } from '../../model/backup/keys.js';
import { backupDue, canBackUp } from '../../model/backup/schedule.js';
import { backupServer } from '../../model/backup/server.js';
import { jobIdOf } from '../../model/ids.js';
import type { Step } from '../../model/plan/index.js';
import { clusterSchema } from '../../model/spec/schema.js';
import type { ErrorRecord, Slot } from '../../model/state.js';
import { activities } from '../activities.js';
import { type Cluster, emit, errorRecordOf, failure, isCancelled, now, scopeOf, slotOf } from '../cluster-context.js';
import { jobFailure } from '../node-job.js';
import { giveUpRotation } from './rotating.js';

/** A large database on a small machine. */
const TIMEOUT_SECONDS = 1_200;

/** A document without `spec.backup` keeps what is asked for by hand as long as one that has it by default. */
const KEEP = clusterSchema.shape.spec.shape.backup.unwrap().parse({}).keep;

/**
 * The backup that someone has asked for. One that fails has failed: the operation ends, and who waits is told why. It is no failure of the
 * cluster's, so it counts against no breaker.
 */
export async function backup(cluster: Cluster, step: Step): Promise<void> {
  const { state } = cluster;
  state.backup.asked = false;
  const error = await takeBackup(cluster, step);
  const record = state.operation?.steps.findLast((one) => one.kind === 'backup' && one.outcome === 'running');
  if (error !== null && record !== undefined) record.error = error;
  if (state.rotation === null) return;
  if (error === null) state.rotation = { ...state.rotation, backup: state.backup.id };
  else giveUpRotation(cluster, error);
}

/** Whether the time of the next backup by schedule has come. */
export const isBackupDue = ({ state }: Cluster): boolean => {
  const due = backupDue(state);
  return due !== null && due <= now();
};

/** Milliseconds until the next backup by schedule; null without one. */
export function untilBackup({ state }: Cluster): number | null {
  const due = backupDue(state);
  return due === null ? null : Math.max(0, Date.parse(due) - Date.now());
}

/**
 * The backup whose time has come, without an operation: of those there would be a thousand a year, and one that goes well is no news. A request
 * that comes meanwhile ends it, and it is taken when that is carried out.
 */
export async function scheduledBackup(cluster: Cluster): Promise<void> {
  const freshBefore = cluster.state.backup.problem;
  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    cluster.abort = () => scope.cancel();
    cluster.interrupt = () => scope.cancel();
    await takeBackup(cluster, { id: 'backup', slot: null });
  })
    .catch((error: unknown) => {
      if (!isCancelled(error)) throw error;
    })
    .finally(() => {
      cluster.abort = null;
      cluster.interrupt = null;
    });
  // What is as it was is not shown again.
  cluster.present(freshBefore === null && cluster.state.backup.problem === null ? 'unwritten' : undefined);
}

/** @returns why it failed, or null */
async function takeBackup(cluster: Cluster, step: Pick<Step, 'id' | 'slot'>): Promise<ErrorRecord | null> {
  const { state } = cluster;
  const at = now();
  const isNews = state.operation !== null || state.backup.problem !== null;
  try {
    const { id, size, removed } = await save(cluster, at, step.slot);
    state.backup = { ...state.backup, at, id, size, triedAt: at, failures: 0, problem: null };
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
    const { code, message, advice } = error;
    state.backup = {
      ...state.backup,
      triedAt: now(),
      failures: state.backup.failures + 1,
      problem: { code, message: message.split('\n')[0] ?? '', advice },
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
  const { job, saved, key } = await activities.saveBackup(`${slot.name}: back up to the bucket`, {
    ...scopeOf(cluster),
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
