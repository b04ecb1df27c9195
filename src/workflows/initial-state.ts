import { uuid4 } from '@temporalio/workflow';
import type { ClusterDocument } from '../model/spec/schema.js';
import { type ClusterState, STATE_SCHEMA_VERSION } from '../model/state.js';
import { now, shortId } from './cluster-context.js';

/** The state of a cluster of which nothing exists yet. */
export function initialState(document: ClusterDocument, requestedBy: string): ClusterState {
  return {
    schemaVersion: STATE_SCHEMA_VERSION,
    uid: uuid4(),
    document,
    wish: document.spec.state,
    paused: document.spec.paused,
    specGeneration: 1,
    observedGeneration: 0,
    createdAt: now(),
    traceId: uuid4().replaceAll('-', ''),
    placement: null,
    placementKey: null,
    userDataIds: {},
    adoption: 'unasked',
    ownSecurityGroupId: null,
    userData: {},
    slots: {},
    generations: {},
    founder: null,
    apiAddress: null,
    bornAt: null,
    verified: false,
    heldTypes: {},
    operation: null,
    operations: [],
    operationCount: 0,
    requestedOperationId: `op-${shortId()}`,
    jobCount: 0,
    nodesSeen: null,
    conditions: [],
    lastError: null,
    events: [],
    breakers: {},
    waiting: null,
    requestedBy,
  };
}
