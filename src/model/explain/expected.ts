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
  const past: number[] = [];
  // From the latest: a change of 200 nodes has almost two thousand steps, and the details in the Web UI ask at the begin and the end of each.
  for (const { steps } of operations.toReversed()) {
    for (let at = steps.length - 1; at >= 0 && past.length < PAST; at -= 1) {
      const step = steps[at];
      if (step?.kind !== kind || step.outcome !== 'done' || step.endedAt === null) continue;
      past.push((Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1_000);
    }
  }
  if (past.length === 0) return { seconds: USUAL_SECONDS[kind] ?? ELSE_SECONDS, runs: 0 };
  return { seconds: Math.max(...past), runs: past.length };
}

/** Returns the first of the steps that runs longer than usual. @param operations as for `expectedOf` */
export function firstOverdue(
  steps: readonly StepRecord[],
  operations: readonly Operation[],
  now: number,
): { step: StepRecord; expected: Expected } | null {
  const known = new Map<string, Expected>();
  for (const step of steps) {
    if (step.outcome !== 'running') continue;
    const expected = known.get(step.kind) ?? expectedOf(step.kind, operations);
    known.set(step.kind, expected);
    if (isOverdue(step, expected, now)) return { step, expected };
  }
  return null;
}

/** Returns whether a running step has taken longer than usual. */
export function isOverdue(step: StepRecord, expected: Expected, now: number): boolean {
  const limit = expected.runs === 0 ? expected.seconds : expected.seconds * SLACK + SLACK_SECONDS;
  return step.outcome === 'running' && now - Date.parse(step.startedAt) > limit * 1_000;
}
