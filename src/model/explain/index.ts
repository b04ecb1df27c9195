import type { Retry } from '../retry.js';
import type { Condition } from '../state.js';
import type { StatusView } from '../status.js';
import { type Cause, causeOf, hintOf, names, openError, rootsOf } from './cause.js';
import { expectedOf, isOverdue } from './expected.js';

export type { Cause } from './cause.js';

/** Failures beside the cause, or because of it. */
export interface Problem {
  condition: string;
  reason: string;
  message: string;
  hint: string;
  /** Conditions that fail because of this one. */
  folded: string[];
}

export interface UnderWay {
  slot: string | null;
  title: string;
  since: string;
  /** Usual end, by this cluster's history or by a table. */
  expectedSeconds: number;
  overdue: boolean;
  /** What the activity reports: an error that it retries, or what it waits for. */
  waits: string | null;
}

/** Why a cluster has not reached its desired state: the cause, since when, what Keelson does and when, and what a person can do. */
export interface Explanation {
  schemaVersion: 1;
  cluster: string;
  region: string;
  /** 12 digits; null for the worker's own. */
  account: string | null;
  phase: string;
  health: string;
  /** First line of the cause. */
  summary: string;
  cause: Cause;
  underWay: UnderWay[];
  waiting: { for: string; since: string; until: string | null } | null;
  /** Conditions that are False, each with those that fail because of it. */
  failing: Problem[];
  /** Types of conditions that were not measured, or cannot be observed now. */
  unmeasured: string[];
  lastError: { code: string; message: string; where: string; hint: string; at: string } | null;
  /** Activities that Temporal retries. */
  retries: Retry[];
}

export interface Circumstances {
  retries?: readonly Retry[];
  /**
   * When the cluster was last observed, ISO 8601, if no worker answers: that is then the cause, and unmeasured conditions are no second
   * one.
   */
  staleSince?: string | null;
  now?: number;
}

export function explain(
  status: StatusView,
  { retries = [], staleSince = null, now = Date.now() }: Circumstances = {},
): Explanation {
  const isUnattended = staleSince !== null;
  const cause = isUnattended ? unattended(staleSince) : causeOf(status, retries, now);
  const { operation, operations } = status;
  const known = operation === null ? operations : [...operations, operation];
  const error = openError(status);
  const isUnmeasured = ({ status: is, reason }: Condition): boolean => is === 'Unknown' && reason !== 'Stopped';
  return {
    schemaVersion: 1,
    cluster: status.name,
    region: status.region,
    account: status.account,
    phase: status.phase,
    health: status.health,
    summary: cause.message.split('\n')[0] ?? '',
    cause,
    underWay: (operation?.steps ?? [])
      .filter((step) => step.outcome === 'running')
      .map((step) => {
        const expected = expectedOf(step.kind, known);
        const node = status.nodes.find(({ slot }) => slot === step.slot);
        return {
          slot: step.slot,
          title: step.title,
          since: step.startedAt,
          expectedSeconds: Math.ceil(expected.seconds),
          overdue: isOverdue(step, expected, now),
          waits: node === undefined ? null : (retries.find((one) => names(one, node))?.message ?? null),
        };
      }),
    waiting: status.waiting,
    failing: isUnattended
      ? []
      : rootsOf(status).map(({ condition, because }) => ({
          condition: condition.type,
          reason: condition.reason,
          message: condition.message,
          hint: hintOf(status, condition.type, condition.message, condition.hint, condition.slots ?? []),
          folded: because.map(({ type }) => type),
        })),
    unmeasured: isUnattended ? [] : status.conditions.filter(isUnmeasured).map(({ type }) => type),
    lastError:
      error === null
        ? null
        : {
            code: error.code,
            message: error.message,
            where: [error.operation, error.step, `attempt ${error.attempt}`].filter((part) => part !== null).join(', '),
            hint: error.hint,
            at: error.at,
          },
    retries: [...retries],
  };
}

const unattended = (since: string): Cause => ({
  code: 'NoWorker',
  message: 'no worker answers, so nothing measures, repairs or changes it',
  since,
  keelson: 'does nothing until a worker runs; what was asked for is kept in Temporal',
  nextAt: null,
  hints: ['start a worker (npm run worker, or npm run local); its log says what keeps it'],
});
