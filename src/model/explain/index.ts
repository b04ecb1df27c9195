import type { Retry } from '../retry.js';
import type { Condition } from '../state.js';
import type { StatusView } from '../status.js';
import { type Cause, causeOf, hintOf, names, openError, rootsOf } from './cause.js';
import { expectedOf, isOverdue } from './expected.js';

export type { Cause } from './cause.js';

/** What fails beside the cause, or because of it. */
export interface Problem {
  condition: string;
  reason: string;
  message: string;
  advice: string;
  /** Conditions that fail because this one does. */
  folded: string[];
}

export interface UnderWay {
  slot: string | null;
  title: string;
  since: string;
  /** Until then it has ended as a rule, by this cluster's own past or by a table. */
  expectedSeconds: number;
  overdue: boolean;
  /** What it meets or waits for, as its activity tells. */
  waits: string | null;
}

/** Why a cluster is not (yet) what was asked for: the cause, since when, what Keelson does and when, what a person can do. */
export interface Explanation {
  schemaVersion: 1;
  cluster: string;
  region: string;
  /** 12 digits; null for the worker's own. */
  account: string | null;
  phase: string;
  health: string;
  /** The cause's first line. */
  summary: string;
  cause: Cause;
  underWay: UnderWay[];
  waiting: { for: string; since: string; until: string | null } | null;
  /** Conditions that are False, those that fail because of another one folded under it. */
  failing: Problem[];
  /** Types of conditions that were not measured, or cannot be observed now. */
  unmeasured: string[];
  lastError: { code: string; message: string; where: string; advice: string; at: string } | null;
  /** What Temporal tries again. */
  retries: Retry[];
}

export interface Circumstances {
  retries?: readonly Retry[];
  /** No worker answers: then that is the cause, and what is not measured is no reason beside it. ISO 8601, when it was last observed. */
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
          advice: hintOf(status, condition.type, condition.message, condition.advice, condition.slots ?? []),
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
            advice: error.advice,
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
