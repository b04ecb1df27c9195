import type { ClusterDocument } from './spec/schema.js';
import { type ClusterState, STATE_SCHEMA_VERSION } from './state.js';

/** The state of a cluster of which nothing exists and nobody has asked for yet: to begin with, and to plan with beforehand. */
export function blankState(document: ClusterDocument): ClusterState {
  return {
    schemaVersion: STATE_SCHEMA_VERSION,
    uid: '',
    document,
    wish: document.spec.state,
    paused: document.spec.paused,
    specGeneration: 1,
    observedGeneration: 0,
    createdAt: '',
    traceId: '',
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
    requestedOperationId: null,
    jobCount: 0,
    nodesSeen: null,
    conditions: [],
    lastError: null,
    events: [],
    breakers: {},
    waiting: null,
    requestedBy: '',
  };
}
