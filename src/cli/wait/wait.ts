import type { StatusView } from '../../model/status.js';
import type { DeletionProof } from '../../workflows/messages.js';
import type { Clusters } from '../clusters/clusters.js';
import { CliError, EXIT } from '../exit.js';
import type { Io } from '../io.js';
import { firstLine } from '../views/status.js';
import { follow } from './follow.js';
import { judgeDelete, type Verdict } from './goal.js';
import { createProgress, type Progress } from './progress.js';

/**
 * Follows a cluster, showing each node's progress, until the verdict is more than `waiting`.
 *
 * @param slots slots to show from the start, where they are known
 * @throws CliError `failed` with the cluster's last error and its advice
 */
export async function waitFor(
  io: Io,
  clusters: Clusters,
  name: string,
  options: { title: string; slots?: readonly string[]; judge: (status: StatusView) => Verdict },
): Promise<StatusView> {
  const progress = createProgress(io, options.title, options.slots ?? []);
  const started = Date.now();
  const noteErrors = errorNotes(progress);
  try {
    for await (const status of follow(clusters, name, io.signal)) {
      progress.show(status);
      noteErrors(status);
      const verdict = options.judge(status);
      if (verdict.kind === 'waiting') continue;
      if (verdict.kind === 'failed') throw verdict.error;
      await progress.end('done', `${name} is ${status.phase} after ${((Date.now() - started) / 1_000).toFixed(1)} s`);
      return status;
    }
  } catch (error) {
    await progress.end('failed', `${name}: the wait has ended`);
    throw error;
  }
  await progress.end('failed', `no longer waiting: the work on ${name} goes on`);
  throw new CliError(EXIT.failed, 'interrupted; the operation goes on', `keelson status ${name} --watch`);
}

/** Follows a delete until its workflow ends with the proof. */
export async function waitForDeletion(io: Io, clusters: Clusters, name: string): Promise<DeletionProof> {
  const progress = createProgress(io, `delete ${name}`, []);
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  const noteErrors = errorNotes(progress);
  // The result tells how it ends; a look that fails meanwhile says nothing.
  const watching = watchDeletion(clusters, name, signal, (status) => {
    progress.show(status);
    noteErrors(status);
  });
  const interrupted = new Promise<never>((_, reject) => {
    const end = (): void =>
      reject(new CliError(EXIT.failed, 'interrupted; the delete goes on', `keelson status ${name} --watch`));
    if (io.signal.aborted) end();
    io.signal.addEventListener('abort', end, { once: true });
  });
  try {
    const proof = await Promise.race([clusters.proof(name), interrupted, heldUp(watching)]);
    await progress.end('done', `${name} is gone`);
    return proof;
  } catch (error) {
    await progress.end('failed', `${name}: the wait has ended`);
    throw error;
  } finally {
    stop.abort();
    await watching;
  }
}

/** @returns why the delete does not get on, or null when the looks have ended before */
async function watchDeletion(
  clusters: Clusters,
  name: string,
  signal: AbortSignal,
  see: (status: StatusView) => void,
): Promise<CliError | null> {
  try {
    for await (const status of follow(clusters, name, signal)) {
      if (signal.aborted) return null;
      see(status);
      const verdict = judgeDelete(status);
      if (verdict.kind === 'failed') return verdict.error;
    }
  } catch {
    return null;
  }
  return null;
}

/** Rejects when the delete is held up; else never settles. */
function heldUp(watching: Promise<CliError | null>): Promise<never> {
  return new Promise((_, reject) => {
    void watching.then((error) => {
      if (error !== null) reject(error);
    });
  });
}

/** Says each error once, as it comes up: it is tried again, but who waits wants to know. */
function errorNotes(progress: Progress): (status: StatusView) => void {
  let told = '';
  return ({ lastError }) => {
    if (lastError === null || lastError.at === told) return;
    told = lastError.at;
    progress.note(
      `${lastError.slot ?? lastError.step ?? 'error'}: ${lastError.code}: ${firstLine(lastError.message)} -> ${lastError.advice}`,
    );
  };
}
