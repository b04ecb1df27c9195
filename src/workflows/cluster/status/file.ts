import { CancellationScope, proxySinks, type Sinks } from '@temporalio/workflow';
import { OBSERVED } from '../../../model/checks.js';
import type { ErrorNote } from '../../../model/observation-failure.js';
import { phaseOf } from '../../../model/phase-of.js';
import type { ClusterState, Condition } from '../../../model/state.js';
import { healthOf, type StatusView, statusOf } from '../../../model/status.js';
import { activities } from '../../lib/activities.js';
import { isCancelled } from '../../lib/errors.js';
import { type Cluster, callContext, emit, type StatusWrite } from '../context.js';
import { noteOf } from '../observe/unobserved.js';
import { statusInput } from './packed.js';

/**
 * Microtasks from the end of a step to the begin of the next, and some more: a write includes the step that begins, so that a reader of the
 * file sees each step begin. Fewer than a turn of `in-turn.ts` has, which a write must stay within.
 */
const TICKS = 24;

/** Tells the worker that the write under way is not to keep the next one waiting (ADR 0064). It leaves no trace in the history. */
export interface StatusSinks extends Sinks {
  statusWrites: { release(write: number): void };
}

const { statusWrites } = proxySinks<StatusSinks>();

export interface StatusWriter {
  /** Has status.yaml written, with what the state is when the write begins. */
  write(): void;
  /** Adds a change to the write that is due, if one is; else it waits for the next. */
  amend(): void;
  /** Resolves when the last status that was to be written is written (or given up). */
  flush(): Promise<void>;
  /** Writes nothing more: the bucket keys are about to be deleted for good. Resolves when no write is under way. */
  close(): Promise<void>;
}

/**
 * Writes status.yaml behind the work, one write at a time; what changes meanwhile goes into the next write, so that many
 * quick steps cost few writes. A status that cannot be written becomes an event and holds nothing up.
 *
 * @param publish shows what a write has changed in the state
 * @param latest the state with its conditions of now
 */
export function createStatusWriter(
  cluster: Pick<Cluster, 'state' | 'inbox'>,
  publish: (how?: StatusWrite) => void,
  latest: () => ClusterState,
): StatusWriter {
  let due = false;
  /** Becomes false at the moment at which nothing is left to write: a status that comes a microtask later begins again. */
  let busy = false;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;
  /** Content of status.yaml: another observation of an unchanged, quiet cluster does not write it again. */
  let written = '';
  /** The write under way: what people wait for as it has it, and whether that has changed meanwhile, so that the next one must not wait. */
  let underWay: { outline: string; hasty: boolean } | null = null;
  let writes = 0;
  /** Someone waits for the end of all writes. */
  let inHurry = false;

  const hasten = (): void => {
    if (underWay === null || underWay.hasty) return;
    underWay.hasty = true;
    statusWrites.release(writes);
  };

  const drain = async (): Promise<void> => {
    try {
      for (let tick = 0; tick < TICKS; tick += 1) await Promise.resolve();
      while (due) {
        due = false;
        // Once for each write, and not for each of the steps that it tells of.
        const status = statusOf(latest());
        const text = JSON.stringify({ ...status, backup: null, conditions: status.conditions.map(withoutTimes) });
        if (text === written) continue;
        try {
          writes += 1;
          underWay = { outline: outlineOf(cluster.state), hasty: false };
          const input = { ...callContext(cluster), ...statusInput(status), write: writes };
          const done = activities.writeStatus(`write status.yaml: ${digest(status)}`, input);
          if (inHurry) hasten();
          await done;
          written = text;
          if (cluster.state.statusProblem === null) continue;
          cluster.state.statusProblem = null;
          publish();
        } catch (error) {
          if (isCancelled(error)) return;
          noteProblem(noteOf(error));
        } finally {
          underWay = null;
        }
      }
    } finally {
      busy = false;
    }
  };

  /** Shows the problem in the Web UI, the query and the search attributes at once; in the file with the next write that succeeds. */
  const noteProblem = (problem: ErrorNote): void => {
    const known = cluster.state.statusProblem;
    cluster.state.statusProblem = { ...problem, since: known?.since ?? problem.since };
    if (known?.code !== problem.code) {
      emit(cluster, 'Warning', 'StatusNotWritten', `status.yaml could not be written: ${problem.message}`);
      // A resting loop has not planned for the next try: wake it.
      cluster.inbox.revision += 1;
    }
    publish('without-write');
  };

  const flush = async (): Promise<void> => {
    inHurry = true;
    hasten();
    while (busy) await writing;
    inHurry = false;
  };

  const take = (): void => {
    due = true;
    if (underWay !== null && outlineOf(cluster.state) !== underWay.outline) hasten();
  };

  return {
    write() {
      if (closed) return;
      take();
      if (busy) return;
      busy = true;
      writing = CancellationScope.nonCancellable(drain);
    },
    amend() {
      if (!closed && busy) take();
    },
    flush,
    async close() {
      closed = true;
      due = false;
      await flush();
    },
  };
}

/** What people wait for, or are notified of: a change in it is written at once, a step that begins or ends some seconds later. */
function outlineOf(state: ClusterState): string {
  const { paused, desiredState, operation, lastError, waiting } = state;
  return JSON.stringify([
    ...[phaseOf(state), healthOf(state), paused, desiredState],
    ...[operation?.id, lastError?.at, waiting?.for],
  ]);
}

const digest = (status: StatusView): string =>
  `${status.phase} ${status.nodes.filter((node) => node.ready === 'True').length}/${status.nodes.length}`;

/** Returns the condition without `lastProbeTime`, which changes with each observation and says nothing new. */
function withoutTimes({ lastProbeTime: _, ...condition }: Condition): Omit<Condition, 'lastProbeTime'> {
  return condition.type === OBSERVED && condition.status === 'True' ? { ...condition, message: '' } : condition;
}
