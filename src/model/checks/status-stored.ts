import type { ConditionResult } from '../conditions.js';
import type { ErrorNote } from '../observation-failure.js';

/** Does not affect health: the cluster is unchanged, and status.yaml shows the past. */
export const STATUS_STORED = 'StatusStored';

/** Returns no condition while there is nothing to say. */
export function statusStored(problem: ErrorNote | null): ConditionResult[] {
  if (problem === null) return [];
  const message = `status.yaml is out of date since ${problem.since}: ${problem.message.split('\n')[0]}; Keelson tries again after 30 s, then less often`;
  return [{ type: STATUS_STORED, status: 'False', reason: 'NotWritten', message, hint: problem.hint }];
}
