import type { CallContext } from '../../activities/api.js';
import type { Cluster } from './context.js';

/**
 * Returns what a call carries that takes this server down: when the quorum gate saw that it can be spared. Only the first call after the gate does; by
 * the next one the server is down. Empty where there was no gate.
 */
export function takingDown({ observations }: Cluster, slot: string): Pick<CallContext, 'quorumSeenAt'> {
  const { passed } = observations;
  if (passed?.slot !== slot) return {};
  observations.passed = null;
  return { quorumSeenAt: passed.seenAt };
}
