import { PHASES, type Phase } from './phase.js';
import { quorumLost } from './plan/quorum-lost.js';
import type { ClusterState } from './state.js';

/**
 * The phase that people read. While an operation runs it is the earliest phase of the steps under way, so that three nodes
 * of which one is still being launched read as Provisioning; else it follows from what was reached.
 */
export function phaseOf(state: ClusterState): Phase {
  if (state.wish === 'deleted') return 'Deleting';
  const { restore } = state;
  if (isBreakerOpen(state) || (restore === null ? quorumLost(state) !== null : restore.failed !== null))
    return 'Failed';
  const steps = state.operation?.steps.filter((step) => step.outcome === 'running') ?? [];
  if (state.operation?.outcome === 'running' && steps.length > 0) {
    const first = Math.min(...steps.map((step) => PHASES.indexOf(step.phase)));
    return PHASES[first] ?? 'Pending';
  }
  const last = state.operation?.outcome === 'running' ? state.operation.steps.at(-1)?.phase : undefined;
  if (last !== undefined) return last;
  const instances = Object.values(state.slots).filter((slot) => slot.instance !== null);
  if (state.bornAt === null) return instances.length === 0 ? 'Pending' : 'Configuring';
  const running = instances.filter((slot) => slot.instance?.power === 'running');
  if (state.wish === 'stopped') return running.length === 0 ? 'Stopped' : 'Stopping';
  if (instances.length > 0 && running.length === 0) return 'Stopped';
  return 'Running';
}

/** Whether the operation that is under way waits for a breaker. One that has nothing left to do has not failed. */
function isBreakerOpen(state: ClusterState): boolean {
  return (
    state.operation !== null &&
    Object.values(state.breakers).some((breaker) => breaker?.openUntil !== null && breaker?.openUntil !== undefined)
  );
}
