import { logFromNode } from '../../node/from-node.js';
import { parseJobOutput } from '../../node/output.js';
import { reported } from '../../node/results.js';
import type { JobResult } from '../api.js';
import type { Invocation } from './commands.js';

const TAIL = 4_000;

/** The result of an invocation that has ended. Output that is not the runner's means that the runner itself did not get there. */
export function jobResult(instanceId: string, jobId: string, invocation: Invocation): JobResult {
  const report = parseJobOutput(invocation.stdout);
  if (report !== null && report.jobId === jobId) {
    const { outcome, exitCode, logTail } = report;
    return { instanceId, outcome, exitCode, result: reported(report.result), logTail };
  }
  return {
    instanceId,
    outcome: invocation.status === 'timed-out' ? 'timed-out' : 'failed',
    exitCode: invocation.exitCode,
    result: {},
    logTail: logFromNode(`${invocation.stdout}\n${invocation.stderr}`.trim()).slice(-TAIL),
  };
}

/** The instance went down under the script. */
export function interrupted(instanceId: string, why: string): JobResult {
  return { instanceId, outcome: 'interrupted', exitCode: null, result: {}, logTail: why };
}

/** SSM could not tell, however often the command was sent, that the script has run. */
export function undelivered(instanceId: string, invocation: Invocation): JobResult {
  return { instanceId, outcome: 'undelivered', exitCode: null, result: {}, logTail: `SSM says: ${invocation.word}` };
}

/** The first key of an instance counts: who answers in a node's place later must not have URLs sealed to a key of their own. [ADR 32] */
export function keyChanged(instanceId: string): JobResult {
  const logTail = 'error: the node reports another key than the one that Keelson has recorded';
  return { instanceId, outcome: 'failed', exitCode: null, result: { code: 'NodeKeyChanged' }, logTail };
}
