/** What a command's invocation on one node has come to. */
export type CommandStatus =
  /** SSM does not know the command (yet). */
  | 'unknown'
  /** To be delivered, or under way. */
  | 'running'
  /** Success or Failed: the script ended, the output tells how. */
  | 'ended'
  /** SSM ended the script because it ran longer than executionTimeout. */
  | 'timed-out'
  /** Whether it ran cannot be told: it is to be sent again. */
  | 'undelivered'
  /** The agent may not run this document. */
  | 'denied';

/** StatusDetails by what follows from them [docs: SSM Run Command, command statuses]. */
const STATUS: Record<string, CommandStatus> = {
  pending: 'running',
  inprogress: 'running',
  delayed: 'running',
  cancelling: 'running',
  success: 'ended',
  failed: 'ended',
  executiontimedout: 'timed-out',
  // If the agent dies a command stays InProgress and then reads so, whether or not the script ran.
  deliverytimedout: 'undelivered',
  timedout: 'undelivered',
  undeliverable: 'undelivered',
  terminated: 'undelivered',
  cancelled: 'undelivered',
  canceled: 'undelivered',
  invalidplatform: 'denied',
  accessdenied: 'denied',
};

/** StatusDetails come with and without spaces; where they are missing Status has to do. */
export function commandStatus(details: string | undefined, status: string | undefined): CommandStatus {
  const normalised = (details || status || 'pending').replaceAll(/[\s_-]/g, '').toLowerCase();
  return STATUS[normalised] ?? 'running';
}
