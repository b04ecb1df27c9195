/** Prefix of a cluster's workflow id; the cluster's name follows. */
export const CLUSTER_PREFIX = 'cluster/';

/** Returns the only workflow id for a cluster of this name: Temporal runs at most one execution of an id in a namespace. */
export const workflowIdOf = (cluster: string): string => CLUSTER_PREFIX + cluster;

/**
 * Returns why a workflow of this id must not manage the cluster: with two workflow ids for one cluster name, two writers would undo each
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
 * State names instances to stop and to terminate, so Keelson accepts it only from the run before, which has packed it. [security review:
 * M8]
 */
export const STATE_FROM_OUTSIDE =
  'the workflow was started with a second argument: only a run that continues an earlier one carries state; start it with the document alone';
