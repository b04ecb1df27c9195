import type { Invocation } from './commands.js';

/** Right after SendCommand SSM may not know it [aws-cli#3546]; later that is no matter of seconds. */
const UNKNOWN_PATIENCE_MS = 30_000;
/** SSM's slack in delivery and report, and the grace that the runner gives to a script at its time-out. */
const OVERDUE_MS = 30_000;
/** Most jobs end long before; one that does not may have lost its agent, or its machine has started again. */
const SILENT_MS = 5 * 60_000;

/** What is remembered of one command while it is polled. */
export interface Watch {
  sentAt: number;
  unknownSince: number | null;
  /** SSM called the agent away since the command was sent. */
  agentLeft: boolean;
}

export const newWatch = (now: number): Watch => ({ sentAt: now, unknownSince: null, agentLeft: false });

/**
 * Why the command has to be taken for lost, in words; null while it may still report. A command that is sent again under the same job id attaches to
 * the job that runs or reads its recorded result, so a wrong guess costs one call and a second of the agent's time.
 *
 * @param agent what SSM says of the node's agent now; null where that is not known
 * @param timeoutSeconds of the job
 */
export function lostBecause(
  watch: Watch,
  { status, word, exitCode }: Invocation,
  hasReport: boolean,
  agent: 'online' | 'away' | null,
  timeoutSeconds: number,
  now: number,
): string | null {
  if (agent === 'away') watch.agentLeft = true;
  if (status === 'unknown') {
    watch.unknownSince ??= now;
    return now - watch.unknownSince >= UNKNOWN_PATIENCE_MS ? 'SSM does not know it' : null;
  }
  watch.unknownSince = null;
  if (status === 'undelivered') return `SSM says ${word}`;
  // By a signal: the shell that SSM had started was ended, which tells nothing of the job.
  if (status === 'ended')
    return !hasReport && exitCode !== null && exitCode > 128 ? `its shell was ended (exit ${exitCode})` : null;
  if (status !== 'running' || agent === 'away') return null;
  if (watch.agentLeft && agent === 'online') return 'its agent was away and has come back';
  const age = now - watch.sentAt;
  if (age >= timeoutSeconds * 1_000 + OVERDUE_MS) return `it is ${word} longer than its job may take`;
  return age >= SILENT_MS ? `it is ${word} and has told nothing` : null;
}
