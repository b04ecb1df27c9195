import { parseJobOutput } from '../../node/render.js';
import type { JobResult } from '../api.js';
import type { Invocation } from './commands.js';

const TAIL = 4_000;

/** The result of an invocation that has ended. Output that is not the runner's means that the runner itself did not get there. */
export function jobResult(instanceId: string, invocation: Invocation): JobResult {
  const parsed = parseJobOutput(invocation.stdout);
  if (parsed !== null) return { instanceId, ...parsed };
  return {
    instanceId,
    outcome: invocation.status === 'timed-out' ? 'timed-out' : 'failed',
    exitCode: invocation.exitCode,
    result: {},
    logTail: `${invocation.stdout}\n${invocation.stderr}`.trim().slice(-TAIL),
  };
}

/** SSM could not tell, however often the command was sent, that the script has run. */
export function undelivered(instanceId: string, invocation: Invocation): JobResult {
  return { instanceId, outcome: 'undelivered', exitCode: null, result: {}, logTail: `SSM says: ${invocation.word}` };
}
