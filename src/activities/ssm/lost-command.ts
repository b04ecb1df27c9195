import type { Invocation } from './commands.js';

/** Right after SendCommand SSM may not know it [aws-cli#3546]; that lasts seconds. */
const UNKNOWN_PATIENCE_MS = 30_000;
/** SSM's slack in delivery and report, and the runner's grace for a script at its time-out. */
const OVERDUE_MS = 30_000;
/** Most jobs end long before; after that the agent may be lost, or the machine may have restarted. */
const SILENT_MS = 5 * 60_000;

/** Memory about one polled command. */
export interface Watch {
  sentAt: number;
  unknownSince: number | null;
  /** SSM has called the agent away since the command was sent. */
  agentLeft: boolean;
}

export const newWatch = (now: number): Watch => ({ sentAt: now, unknownSince: null, agentLeft: false });

/**
 * Returns why the command counts as lost, in words; null while it may still report. A repeated command of the same job id attaches to the
 * running job or reads its recorded result, so a wrong guess costs one call and a second of the agent's time.
 *
 * @param agent what SSM says of the node's agent now; null if unknown
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
  // By a signal: SSM's shell has ended, which says nothing about the job.
  if (status === 'ended')
    return !hasReport && exitCode !== null && exitCode > 128 ? `its shell was ended (exit ${exitCode})` : null;
  if (status !== 'running' || agent === 'away') return null;
  if (watch.agentLeft && agent === 'online') return 'its agent was away and has come back';
  const age = now - watch.sentAt;
  if (age >= timeoutSeconds * 1_000 + OVERDUE_MS) return `it is ${word} longer than its job may take`;
  return age >= SILENT_MS ? `it is ${word} and has told nothing` : null;
}
