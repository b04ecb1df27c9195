import type { StatusView } from '../../model/status.js';
import type { ExecutionInfo } from '../clusters/execution-info.js';
import { isUnreachable } from '../errors.js';
import { CliError, EXIT } from '../exit.js';
import { pause, unlessAborted } from './abort.js';

const LOOK_MS = 1_000;
/** Short interval for the quick part of a small operation. */
const QUICK_LOOK_MS = 250;
const QUICK_FOR_MS = 5_000;
/** Patience with a server or worker that restarts. */
export const PATIENCE_MS = 60_000;
/** How long after its last work the CLI asks a cluster whose file does not show the end. */
const REST_MS = 2_000;
/** A task with so many attempts fails for its own reason, and not with a worker that died. */
export const STUCK_AT = 4;

/** Source of statuses. */
export interface Source {
  /** Asks Temporal; no worker is needed. */
  executionInfo(name: string): Promise<ExecutionInfo>;
  /** status.yaml, or null when there is none. */
  stored(name: string): Promise<StatusView | null>;
  /** Asks the workflow. Not while it is at work: see ADR 0014. */
  ask(name: string): Promise<StatusView>;
  /** Returns why a workflow that has ended was refused, or null. */
  refusal(name: string): Promise<CliError | null>;
}

/** The first status that counts: of this cluster of the name, and with this request heard. */
export interface Since {
  traceId: string;
  specGeneration: number;
}

/**
 * Yields statuses of a cluster until the caller stops, the signal aborts, or the cluster's workflow has ended; the last one is its end. It
 * reads status.yaml, and asks the workflow itself only when that is at rest and the file does not satisfy the caller, once for each rest.
 *
 * @param unreadable called once, when status.yaml cannot be read
 * @throws the last error, when the reads have failed for a minute, or no one has worked on the cluster for so long
 */
export async function* follow(
  source: Source,
  name: string,
  since: Since,
  signal: AbortSignal,
  unreadable: (why: unknown) => void,
): AsyncGenerator<StatusView> {
  const started = Date.now();
  let attended = started;
  let firstRunId: string | null = null;
  /** Since when the history has had this length. */
  let still = { length: -1, at: started, asked: false };
  const read = createTolerantReader(source, name, unreadable);
  const ask = (): Promise<StatusView | null> => unlessAborted(source.ask(name), signal);
  for (; !signal.aborted; await pause(Date.now() - started < QUICK_FOR_MS ? QUICK_LOOK_MS : LOOK_MS, signal)) {
    try {
      const execution = await unlessAborted(source.executionInfo(name), signal);
      if (execution === null) return;
      firstRunId ??= execution.firstRunId;
      // Another cluster of the name has begun: the old one is over, and its name no longer reaches it.
      if (execution.firstRunId !== firstRunId) return;
      if (execution.ended !== null) {
        const last = await ask();
        if (last !== null) yield last;
        return;
      }
      // The file is read after the execution: a status written at rest is the newest.
      const status = await unlessAborted(read(), signal);
      if (signal.aborted) return;
      if (status !== null && isOf(status, since)) yield status;
      if (execution.historyLength !== still.length)
        still = { length: execution.historyLength, at: Date.now(), asked: false };
      if (execution.rests && !still.asked && Date.now() - still.at >= REST_MS) {
        still.asked = true;
        const asked = await ask();
        if (asked === null) return;
        yield asked;
      }
      if (execution.taskAttempt >= STUCK_AT && Date.now() - still.at > PATIENCE_MS) throw stuck(name, execution);
      // No one has taken the work: it takes a worker to answer.
      if (execution.unattended) {
        if (Date.now() - attended <= PATIENCE_MS) continue;
        const asked = await ask();
        if (asked === null) return;
        yield asked;
      }
      attended = Date.now();
    } catch (error) {
      if (!isUnreachable(error) || Date.now() - attended > PATIENCE_MS) throw error;
    }
  }
}

/** The work goes on whether it can be seen or not. */
function createTolerantReader(
  source: Source,
  name: string,
  unreadable: (why: unknown) => void,
): () => Promise<StatusView | null> {
  let told = false;
  return async () => {
    try {
      return await source.stored(name);
    } catch (error) {
      if (!told) unreadable(error);
      told = true;
      return null;
    }
  };
}

const isOf = (status: StatusView, since: Since): boolean =>
  status.traceId === since.traceId && status.specGeneration >= since.specGeneration;

/** The workflow's code does not fit its history, or throws: no worker of this version will get it further. */
export const stuck = (name: string, { taskAttempt }: ExecutionInfo): CliError =>
  new CliError(
    EXIT.failed,
    `the workflow of ${name} does not get on: its task has failed ${taskAttempt - 1} times`,
    `see the worker's log; where it says TMPRL1100: temporal workflow terminate -w cluster/${name}, and keelson apply of its document`,
  );
