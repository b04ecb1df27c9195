import type { StatusView } from '../../model/status.js';
import type { Life } from '../clusters/life.js';
import { isUnreachable } from '../errors.js';
import { CliError, EXIT } from '../exit.js';
import { pause, unlessAborted } from './abort.js';

const LOOK_MS = 1_000;
/** The quick part of a small operation is worth a closer look. */
const QUICK_LOOK_MS = 250;
const QUICK_FOR_MS = 5_000;
/** A server or worker that restarts is waited for. */
export const PATIENCE_MS = 60_000;
/** So long after its last work a cluster whose file does not tell the end is asked itself. */
const REST_MS = 2_000;
/** A task that has been tried so often fails on its own account, and not with a worker that died. */
export const STUCK_AT = 4;

/** Where a status can come from. */
export interface Source {
  /** What Temporal tells; no worker is asked. */
  life(name: string): Promise<Life>;
  /** status.yaml, or null when there is none. */
  stored(name: string): Promise<StatusView | null>;
  /** Asks the workflow. Not while it is at work: see ADR 0014. */
  ask(name: string): Promise<StatusView>;
  /** Why a workflow that has ended was refused, or null. */
  refusal(name: string): Promise<CliError | null>;
}

/** From when on a status counts: of this life of the cluster, and with this request heard. */
export interface Since {
  traceId: string;
  specGeneration: number;
}

/**
 * Looks at a cluster again and again until the caller stops, the signal aborts, or the cluster's workflow has ended; then the last
 * status is what it ended with. Reads status.yaml, and asks the workflow itself only when that is at rest and the file does not
 * satisfy the caller, once for each rest.
 *
 * @param unreadable told once, when status.yaml cannot be read
 * @throws what a look threw, when the looks have failed for a minute, or no one has worked on the cluster for so long
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
      const life = await unlessAborted(source.life(name), signal);
      if (life === null) return;
      firstRunId ??= life.firstRunId;
      // Another life has begun under the name: this one is over, and cannot be asked by name any more.
      if (life.firstRunId !== firstRunId) return;
      if (life.ended !== null) {
        const last = await ask();
        if (last !== null) yield last;
        return;
      }
      // The file is read after the look at the life: what was at rest then has no newer status on its way.
      const status = await unlessAborted(read(), signal);
      if (signal.aborted) return;
      if (status !== null && isOf(status, since)) yield status;
      if (life.historyLength !== still.length) still = { length: life.historyLength, at: Date.now(), asked: false };
      if (life.rests && !still.asked && Date.now() - still.at >= REST_MS) {
        still.asked = true;
        const asked = await ask();
        if (asked === null) return;
        yield asked;
      }
      if (life.taskAttempt >= STUCK_AT && Date.now() - still.at > PATIENCE_MS) throw stuck(name, life);
      // No one has taken what there is to do: it takes a worker to answer.
      if (life.unattended) {
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
export const stuck = (name: string, { taskAttempt }: Life): CliError =>
  new CliError(
    EXIT.failed,
    `the workflow of ${name} does not get on: its task has failed ${taskAttempt - 1} times`,
    `see the worker's log; where it says TMPRL1100: temporal workflow terminate -w cluster/${name}, and keelson apply of its document`,
  );
