import type { Verdict } from '../conditions.js';
import type { ErrorNote } from '../observation-failure.js';

/** Says nothing about health: the cluster is what it was, and status.yaml tells of the past. */
export const STATUS_STORED = 'StatusStored';

/** No condition while there is nothing to say. */
export function statusStored(problem: ErrorNote | null): Verdict[] {
  if (problem === null) return [];
  const message = `status.yaml is out of date since ${problem.since}: ${problem.message.split('\n')[0]}; Keelson tries again after 30 s, then less often`;
  return [{ type: STATUS_STORED, status: 'False', reason: 'NotWritten', message, advice: problem.hint }];
}
