import { PHASES, type Phase } from './phase.js';
import { quorumLost } from './plan/quorum-lost.js';
import type { ClusterState } from './state.js';

/**
 * Returns the phase that people read. While an operation runs it is the earliest phase of the steps under way: a cluster of three nodes is Provisioning
 * until AWS has launched the last one. Otherwise it follows from the state that the cluster has reached. A repair does not change the phase, because the
 * cluster still serves; health and operation show the problem and the repair.
 */
export function phaseOf(state: ClusterState): Phase {
  if (state.desiredState === 'deleted') return 'Deleting';
  const { restore } = state;
  if (isBreakerOpen(state) || (restore === null ? quorumLost(state) !== null : restore.failed !== null))
    return 'Failed';
  const operation = state.operation?.kind === 'repair' ? null : state.operation;
  const steps = operation?.steps.filter((step) => step.outcome === 'running') ?? [];
  if (operation?.outcome === 'running' && steps.length > 0) {
    const first = Math.min(...steps.map((step) => PHASES.indexOf(step.phase)));
    return PHASES[first] ?? 'Pending';
  }
  const last = operation?.outcome === 'running' ? operation.steps.at(-1)?.phase : undefined;
  if (last !== undefined) return last;
  const instances = Object.values(state.slots).filter((slot) => slot.instance !== null);
  if (state.initializedAt === null) return instances.length === 0 ? 'Pending' : 'Configuring';
  const running = instances.filter((slot) => slot.instance?.power === 'running');
  if (state.desiredState === 'stopped') return running.length === 0 ? 'Stopped' : 'Stopping';
  if (instances.length > 0 && running.length === 0) return 'Stopped';
  return 'Running';
}

/** Returns whether the operation that is under way waits for a breaker. One that has nothing left to do has not failed. */
function isBreakerOpen(state: ClusterState): boolean {
  return (
    state.operation !== null &&
    Object.values(state.breakers).some((breaker) => breaker?.openUntil !== null && breaker?.openUntil !== undefined)
  );
}
