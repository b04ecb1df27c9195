import type { Operation, StepRecord } from '../state.js';

/**
 * Seconds that a step usually takes, for a cluster without a history of its own. From AWS's documents (an agent registers within two
 * minutes of the boot, K3s promotes a learner every 15 s); where they say nothing, a generous assumption. [docs: SSM, agent registration;
 * k3s source: pkg/etcd; docs/reference/benchmarks.md]
 */
const USUAL_SECONDS: Readonly<Record<string, number>> = {
  'wait-for-agent': 180,
  install: 180,
  bootstrap: 180,
  join: 180,
  verify: 120,
  drain: 300,
  'stop-instance': 180,
  'start-instance': 180,
  reboot: 300,
  'save-volume': 3_600,
  terminate: 180,
  'terminate-all': 180,
  snapshot: 120,
};
const ELSE_SECONDS = 60;

/** How many of the latest runs count. */
const PAST = 5;
/** A step may take this much longer than its longest run, and some seconds, before it counts as late. */
const SLACK = 1.5;
const SLACK_SECONDS = 5;

export interface Expected {
  /** Usual end of a step of the kind. */
  seconds: number;
  /** Number of finished runs of this cluster behind the figure; 0 for an assumption. */
  runs: number;
}

/**
 * Returns how long a step of the kind takes: by the latest runs of the same kind in this cluster, else by a table.
 *
 * @param operations finished operations, oldest first, and the one under way
 */
export function expectedOf(kind: string, operations: readonly Operation[]): Expected {
  const past = operations
    .flatMap((one) => one.steps)
    .filter((step) => step.kind === kind && step.outcome === 'done' && step.endedAt !== null)
    .slice(-PAST)
    .map((step) => (Date.parse(step.endedAt ?? '') - Date.parse(step.startedAt)) / 1_000);
  if (past.length === 0) return { seconds: USUAL_SECONDS[kind] ?? ELSE_SECONDS, runs: 0 };
  return { seconds: Math.max(...past), runs: past.length };
}

/** Returns whether a running step has taken longer than usual. */
export function isOverdue(step: StepRecord, expected: Expected, now: number): boolean {
  const limit = expected.runs === 0 ? expected.seconds : expected.seconds * SLACK + SLACK_SECONDS;
  return step.outcome === 'running' && now - Date.parse(step.startedAt) > limit * 1_000;
}
