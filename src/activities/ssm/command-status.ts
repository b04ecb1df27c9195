/** State of a command's invocation on one node. */
export type CommandStatus =
  /** SSM does not know the command (yet). */
  | 'unknown'
  /** To be delivered, or under way. */
  | 'running'
  /** Success or Failed: the script ended, the output tells how. */
  | 'ended'
  /** SSM ended the script because it ran longer than executionTimeout. */
  | 'timed-out'
  /** Nothing says whether it ran: Keelson sends it again. */
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
  // If the agent dies a command stays InProgress and then gets this status, whether or not the script ran.
  deliverytimedout: 'undelivered',
  timedout: 'undelivered',
  undeliverable: 'undelivered',
  terminated: 'undelivered',
  cancelled: 'undelivered',
  canceled: 'undelivered',
  invalidplatform: 'denied',
  accessdenied: 'denied',
};

/** StatusDetails come with and without spaces; if they are missing, Status decides. */
export function commandStatus(details: string | undefined, status: string | undefined): CommandStatus {
  const normalised = (details || status || 'pending').replaceAll(/[\s_-]/g, '').toLowerCase();
  return STATUS[normalised] ?? 'running';
}
