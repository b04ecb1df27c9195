import type { ConditionResult } from './conditions.js';
import type { ConfigProblem } from './state.js';

/** Does not affect health: the last good document is in force. */
export const CONFIG_VALID = 'ConfigValid';

/** File, line and column of every problem, up to a length that people read in a condition. */
const LONGEST = 1_000;

/** Reads the payload of a signal, which anyone may have sent. */
export function readConfigProblem(payload: unknown): ConfigProblem | null {
  if (typeof payload !== 'object' || payload === null || !('message' in payload)) return null;
  const { message } = payload;
  if (typeof message !== 'string') return null;
  const reason = 'reason' in payload && payload.reason === 'Refused' ? 'Refused' : 'Invalid';
  return { reason, message: message.slice(0, LONGEST) };
}

/** Returns no condition while there is nothing to say. */
export function configResults(problem: ConfigProblem | null): ConditionResult[] {
  if (problem === null) return [];
  const hint =
    problem.reason === 'Invalid'
      ? 'correct config.yaml in the bucket; `keelson validate -f FILE` checks it before'
      : 'see the message; what cannot be changed wants another cluster';
  return [{ type: CONFIG_VALID, status: 'False', reason: problem.reason, message: problem.message, hint }];
}
