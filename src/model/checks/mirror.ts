import type { ConditionResult } from '../conditions.js';
import type { ClusterState } from '../state.js';

/** Says nothing about health: what runs needs no mirror, and a node may read what the worker does not. */
export const MIRROR_READABLE = 'MirrorReadable';

/**
 * No condition while there is nothing to say. Else it is Unknown, not False: in an air-gapped site only the nodes reach the mirror. The first node
 * that has the release ends it.
 */
export function mirrorReadable({
  mirrorProblem: problem,
  document,
}: Pick<ClusterState, 'mirrorProblem' | 'document'>): ConditionResult[] {
  if (problem == null) return [];
  const { version, mirror } = document.spec.k3s;
  return [
    {
      type: MIRROR_READABLE,
      status: 'Unknown',
      reason: 'NotReadByWorker',
      message: `the worker cannot read K3s ${version} at the mirror ${mirror}: ${problem.message}; no node has downloaded it yet`,
      hint: 'check spec.k3s.mirror and the way to it; where only the nodes reach the mirror, there is nothing to do',
    },
  ];
}
