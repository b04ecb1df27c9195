import { hintOfError } from '../../model/explain/cause.js';
import type { StatusView } from '../../model/status.js';
import type { DeletionProof } from '../../workflows/cluster/messages.js';
import { toCliError } from '../errors.js';
import { CliError, EXIT } from '../exit.js';
import type { Io } from '../io.js';
import type { Session } from '../session.js';
import { firstLine } from '../views/status.js';
import { createProgress } from './create-progress.js';
import { follow, type Since, type Source } from './follow.js';
import { judgeDelete, type WaitResult } from './goal.js';
import type { Progress } from './progress.js';
import { createStatusReader } from './stored-status.js';

/** Returns the sources of a wait. */
export async function openSource(session: Session): Promise<Source> {
  const clusters = await session.clusters();
  return {
    executionInfo: (name) => clusters.executionInfo(name),
    ask: (name) => clusters.status(name),
    refusal: (name) => clusters.refusal(name),
    stored: createStatusReader(session.bucket),
  };
}

/** Says that there is nothing to show until the work rests. */
export const noteUnreadable =
  (tell: (line: string) => void, name: string) =>
  (why: unknown): void =>
    tell(`no progress is shown, for status.yaml of ${name} cannot be read: ${toCliError(why).message}`);

/**
 * Follows a cluster, showing each node's progress, until the verdict is more than `waiting`.
 *
 * @param slots slots to show from the start, if they are known
 * @throws CliError `failed` with the cluster's last error and its hint
 */
export async function waitFor(
  io: Io,
  source: Source,
  name: string,
  options: { title: string; since: Since; slots?: readonly string[]; judge: (status: StatusView) => WaitResult },
): Promise<StatusView> {
  const progress = createProgress(io, options.title, options.slots ?? []);
  const started = Date.now();
  const noteErrors = errorNotes(progress);
  try {
    for await (const status of follow(source, name, options.since, io.signal, noteUnreadable(progress.note, name))) {
      progress.show(status);
      noteErrors(status);
      const verdict = options.judge(status);
      if (verdict.kind === 'waiting') continue;
      if (verdict.kind === 'failed') throw verdict.error;
      await progress.end('done', `${name} is ${status.phase} after ${((Date.now() - started) / 1_000).toFixed(1)} s`);
      return status;
    }
    if (!io.signal.aborted) throw (await source.refusal(name)) ?? ended(name);
  } catch (error) {
    await progress.end('failed', `${name}: the wait has ended`);
    throw error;
  }
  await progress.end('interrupted', null);
  throw interrupted(name);
}

/** Returns the message for Ctrl-C: it ends the wait, and nothing of the cluster. */
const interrupted = (name: string): CliError =>
  new CliError(EXIT.interrupted, `interrupted: no longer waiting, and ${name} goes on`, `keelson status ${name}`);

const ended = (name: string): CliError =>
  new CliError(
    EXIT.failed,
    `the workflow of ${name} has ended before that`,
    '`keelson list` shows the clusters that there are; `keelson apply` goes on with what a terminated one has left',
  );

/** Follows a delete until its workflow ends with the proof. */
export async function waitForDeletion(
  io: Io,
  source: Source,
  name: string,
  { since, proof }: { since: Since; proof: Promise<DeletionProof> },
): Promise<DeletionProof> {
  const progress = createProgress(io, `delete ${name}`, []);
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  const noteErrors = errorNotes(progress);
  // The result says how it ends; a failed observation meanwhile says nothing.
  const watching = watchDeletion(follow(source, name, since, signal, noteUnreadable(progress.note, name)), (status) => {
    if (signal.aborted) return;
    progress.show(status);
    // An error outside of operations explains a repair that was held back.
    if (status.lastError?.operation != null) noteErrors(status);
  });
  const interruption = new Promise<never>((_, reject) => {
    const end = (): void => reject(interrupted(name));
    if (io.signal.aborted) end();
    io.signal.addEventListener('abort', end, { once: true });
  });
  try {
    const result = await Promise.race([proof, interruption, heldUp(watching)]);
    await progress.end('done', `${name} is gone`);
    return result;
  } catch (error) {
    if (io.signal.aborted) await progress.end('interrupted', null);
    else await progress.end('failed', `${name}: the wait has ended`);
    throw error;
  } finally {
    stop.abort();
    await watching;
  }
}

/** @returns why the delete makes no progress, or null when the statuses have ended before */
async function watchDeletion(
  looks: AsyncIterable<StatusView>,
  see: (status: StatusView) => void,
): Promise<CliError | null> {
  try {
    for await (const status of looks) {
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

/** Reports each error once, as it comes up: Keelson retries it, but the waiting person wants to know. */
function errorNotes(progress: Progress): (status: StatusView) => void {
  let told = '';
  return (status) => {
    const { lastError, operation } = status;
    if (lastError === null || lastError.at === told) return;
    // An error outside of operations: it says why repairs were held back, before this one began.
    if (operation !== null && lastError.operation === null) return;
    told = lastError.at;
    progress.note(
      `${lastError.slot ?? lastError.step ?? 'error'}: ${lastError.code}: ${firstLine(lastError.message)} -> ${hintOfError(status, lastError)}`,
    );
  };
}
