import { CancellationScope } from '@temporalio/workflow';
import { OBSERVED } from '../model/checks.js';
import type { ErrorNote } from '../model/observation-failure.js';
import type { Condition } from '../model/state.js';
import type { StatusView } from '../model/status.js';
import { activities } from './activities.js';
import { type Cluster, emit, isCancelled, scopeOf } from './cluster-context.js';
import { noteOf } from './unobserved.js';

/**
 * Microtasks from the end of a step to the begin of the next, and some: a write says what is under way by then, so that who reads
 * the file sees each step begin. Fewer than a turn of `in-turn.ts` has, which a write must stay within.
 */
const TICKS = 24;

export interface StatusWriter {
  /** Says that status.yaml is out of date. */
  touch(status: StatusView): void;
  /** A change that goes into the write that is due, if one is, and else waits for the next. */
  glance(status: StatusView): void;
  /** Resolves when the last state that was touched is written (or given up). */
  settled(): Promise<void>;
  /** Writes nothing more: the bucket keys are about to be deleted for good. Resolves when no write is under way. */
  close(): Promise<void>;
}

/**
 * Writes status.yaml behind the work, one write at a time; what changes meanwhile goes into the next write, so that many
 * quick steps cost few writes. A status that cannot be written is said in the events and holds nothing up.
 */
export function createStatusWriter(cluster: Cluster): StatusWriter {
  let latest: StatusView | null = null;
  /** Ends at the very moment at which nothing is left to write: what is touched a microtask later begins again. */
  let busy = false;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;
  /** What status.yaml holds; of a quiet cluster that is as it was it is not written again that someone has looked. */
  let written = '';

  const drain = async (): Promise<void> => {
    try {
      for (let tick = 0; tick < TICKS; tick += 1) await Promise.resolve();
      while (latest !== null) {
        const status = latest;
        latest = null;
        const text = JSON.stringify({ ...status, backup: null, conditions: status.conditions.map(withoutTimes) });
        if (text === written) continue;
        try {
          await activities.writeStatus(`write status.yaml: ${digest(status)}`, { ...scopeOf(cluster), status });
          written = text;
          if (cluster.state.statusProblem === null) continue;
          cluster.state.statusProblem = null;
          cluster.present();
        } catch (error) {
          if (isCancelled(error)) return;
          noteProblem(noteOf(error));
        }
      }
    } finally {
      busy = false;
    }
  };

  /** In the Web UI, the query and the search attributes at once; in the file with the next write that succeeds. */
  const noteProblem = (problem: ErrorNote): void => {
    const known = cluster.state.statusProblem;
    cluster.state.statusProblem = { ...problem, since: known?.since ?? problem.since };
    if (known?.code !== problem.code) {
      emit(cluster, 'Warning', 'StatusNotWritten', `status.yaml could not be written: ${problem.message}`);
      // Who rests has not reckoned with it: there is a next try to be waited for.
      cluster.wakes += 1;
    }
    cluster.present('unwritten');
  };

  const settled = async (): Promise<void> => {
    while (busy) await writing;
  };

  return {
    touch(status) {
      if (closed) return;
      latest = status;
      if (busy) return;
      busy = true;
      writing = CancellationScope.nonCancellable(drain);
    },
    glance(status) {
      if (!closed && busy) latest = status;
    },
    settled,
    async close() {
      closed = true;
      latest = null;
      await settled();
    },
  };
}

const digest = (status: StatusView): string =>
  `${status.phase} ${status.nodes.filter((node) => node.ready === 'True').length}/${status.nodes.length}`;

/** When it was seen last changes with each observation, and says nothing new. */
function withoutTimes({ lastChecked: _, ...condition }: Condition): Omit<Condition, 'lastChecked'> {
  return condition.type === OBSERVED && condition.status === 'True' ? { ...condition, message: '' } : condition;
}
