import { logFromNode } from '../../node-scripts/from-node.js';
import { parseJobOutput } from '../../node-scripts/output.js';
import { reported } from '../../node-scripts/results.js';
import type { JobResult } from '../api.js';
import type { Invocation } from './commands.js';

const TAIL = 4_000;

/** Returns the result of an ended invocation. Output in another form than the runner's means that the runner itself did not start. */
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

/** Returns the result of a script whose instance went down. */
export function interrupted(instanceId: string, why: string): JobResult {
  return { instanceId, outcome: 'interrupted', exitCode: null, result: {}, logTail: why };
}

/** Result when SSM could not say, however often the worker sent the command, that the script has run. */
export function undelivered(instanceId: string, invocation: Invocation): JobResult {
  return { instanceId, outcome: 'undelivered', exitCode: null, result: {}, logTail: `SSM says: ${invocation.word}` };
}

/** The first key of an instance counts: another process that answers in a node's place later must not get URLs sealed to another key. [ADR 32] */
export function keyChanged(instanceId: string): JobResult {
  const logTail = 'error: the node reports another key than the one that Keelson has recorded';
  return { instanceId, outcome: 'failed', exitCode: null, result: { code: 'NodeKeyChanged' }, logTail };
}
