import type { StatusView } from '../status.js';

/** By the code of the last error. [model/plan, model/health] */
const REASONS: Record<string, (name: string) => string> = {
  RepairApprovalRequired: (name) =>
    `not all is as wanted; what it would do is said below; it waits for \`keelson repair ${name}\``,
  RepairRateLimited: (name) =>
    `too many nodes were replaced within an hour; it waits, or \`keelson repair ${name}\` goes on`,
  QuorumLost: () => 'most of its servers are lost; it waits for a person who restores a backup',
  QuorumAtRisk: () => 'more than one of its servers is unhealthy; nothing is done that could cost the quorum',
  SingleServer: () => 'its only server is unhealthy; Keelson does nothing unasked, for its disk is all there is',
  AgentsUnreachable: () =>
    'SSM has lost agents that have something in common; nothing is rebooted or replaced for that',
  NodesNotReady: () => 'several nodes are not Ready at once; no machine is rebooted or replaced for that',
};

/** Returns why repairs that are known are not done, in a sentence; null when that is not so. */
export function heldBack({ name, phase, operation, lastError }: StatusView): string | null {
  // While an operation runs the error may be of before it.
  if (lastError === null || (operation !== null && phase !== 'Failed')) return null;
  return REASONS[lastError.code]?.(name) ?? null;
}
