import type { Verdict } from './conditions.js';
import type { ConfigProblem } from './state.js';

/** Says nothing about health: the cluster is what the last good document wants. */
export const CONFIG_VALID = 'ConfigValid';

/** File, line and column of every problem; more than this no one reads in a condition. */
const LONGEST = 1_000;

/** Out of a signal's payload, which anybody may have sent. */
export function readConfigProblem(payload: unknown): ConfigProblem | null {
  if (typeof payload !== 'object' || payload === null || !('message' in payload)) return null;
  const { message } = payload;
  if (typeof message !== 'string') return null;
  const reason = 'reason' in payload && payload.reason === 'Refused' ? 'Refused' : 'Invalid';
  return { reason, message: message.slice(0, LONGEST) };
}

/** No condition while there is nothing to say. */
export function configVerdicts(problem: ConfigProblem | null): Verdict[] {
  if (problem === null) return [];
  const advice =
    problem.reason === 'Invalid'
      ? 'mend config.yaml in the bucket; `keelson validate -f FILE` checks it before'
      : 'see the message; what cannot be changed wants another cluster';
  return [{ type: CONFIG_VALID, status: 'False', reason: problem.reason, message: problem.message, advice }];
}
