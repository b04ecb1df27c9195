import { uuid4, workflowInfo } from '@temporalio/workflow';
import { blankState } from '../../../model/blank-state.js';
import { type RestoreFrom, restoreOf } from '../../../model/restore/state.js';
import type { ClusterDocument } from '../../../model/spec/schema.js';
import type { ClusterState } from '../../../model/state.js';
import { shortId } from '../context.js';

/**
 * Returns the state that a new workflow begins with.
 *
 * @param adopt uid that a person wants to be taken over, or null
 * @param from backup that the cluster is made from, or null for a new one
 */
export function initialState(
  document: ClusterDocument,
  requestedBy: string,
  adopt: string | null,
  from: RestoreFrom | null,
): ClusterState {
  return {
    ...blankState(document),
    ...(from !== null && {
      generations: from.cluster === document.metadata.name ? from.generations : {},
      restore: restoreOf({ ref: 'r0', from: from.id, source: { cluster: from.cluster, uid: from.uid } }),
    }),
    uid: uuid4(),
    // Not when a busy worker has come to it.
    createdAt: workflowInfo().startTime.toISOString(),
    traceId: uuid4().replaceAll('-', ''),
    requestedOperationId: `op-${shortId()}`,
    requestedBy,
    adopt,
  };
}
