/** Of the workflow of a cluster; its name follows. */
export const CLUSTER_PREFIX = 'cluster/';

/** The one workflow id that a cluster of this name may have: Temporal runs at most one execution of an id in a namespace. */
export const workflowIdOf = (cluster: string): string => CLUSTER_PREFIX + cluster;

/**
 * Says why a workflow of this id must not look after the cluster: two workflow ids with one cluster name are two writers that undo each
 * other's work. [security review: C1]
 *
 * @returns null when it may
 */
export function workflowIdProblem(workflowId: string, cluster: string): string | null {
  const expected = workflowIdOf(cluster);
  if (workflowId === expected) return null;
  return `the workflow id is ${workflowId}, but metadata.name is ${cluster}: start the workflow with the id ${expected}`;
}

/**
 * State names instances to stop and to terminate, so it is believed only where this program has packed it: in the run before.
 * [security review: M8]
 */
export const STATE_FROM_OUTSIDE =
  'the workflow was started with a second argument: only a run that continues an earlier one carries state; start it with the document alone';
