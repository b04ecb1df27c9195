import { uuid4 } from '@temporalio/workflow';
import { blankState } from '../model/blank-state.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import type { ClusterState } from '../model/state.js';
import { now, shortId } from './cluster-context.js';

/**
 * The state that a new workflow begins with.
 *
 * @param adopt uid that a person wants to be taken over, or null
 */
export function initialState(document: ClusterDocument, requestedBy: string, adopt: string | null): ClusterState {
  return {
    ...blankState(document),
    uid: uuid4(),
    createdAt: now(),
    traceId: uuid4().replaceAll('-', ''),
    requestedOperationId: `op-${shortId()}`,
    requestedBy,
    adopt,
  };
}
