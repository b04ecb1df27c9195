import { type Expected, expectedOf, isOverdue } from '../../model/explain/expected.js';
import type { Operation, StepRecord } from '../../model/state.js';
import type { StatusView } from '../../model/status.js';
import { age, duration } from './time.js';

/** Returns the operations by which a step is judged: the finished ones, and the one under way. */
export const knownOperations = ({ operation, operations }: StatusView): readonly Operation[] =>
  operation === null ? operations : [...operations, operation];

/** `server-0: join as server`, or the title alone for a step of the whole cluster. */
export const stepName = ({ slot, title }: Pick<StepRecord, 'slot' | 'title'>): string =>
  `${slot === null ? '' : `${slot}: `}${title}`;

/** Returns how long a step of the kind usually takes: `15s`, or `under 3m` where no run of this cluster stands behind the figure. */
export const usually = ({ seconds, runs }: Expected): string =>
  `${runs === 0 ? 'under ' : ''}${duration(Math.ceil(seconds) * 1_000)}`;

/**
 * Returns how long a running step takes so far and how long it usually takes, by the cluster's own past: `12s of usually 15s`.
 *
 * @param now milliseconds since 1970
 */
export function stepTimes(step: StepRecord, known: readonly Operation[], now: number): string {
  const expected = expectedOf(step.kind, known);
  const takes = age(step.startedAt, now);
  return isOverdue(step, expected, now)
    ? `${takes}, longer than usual: ${usually(expected)}`
    : `${takes} of usually ${usually(expected)}`;
}
