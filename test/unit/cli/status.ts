import { noBackup } from '#src/model/backup/state.js';
import { noDrill } from '#src/model/drill/state.js';
import type { Condition, ErrorRecord, Operation, StepRecord } from '#src/model/state.js';
import type { NodeStatus, StatusView } from '#src/model/status.js';

const AT = '2026-03-01T12:00:00.000Z';

export function step(part: Partial<StepRecord> = {}): StepRecord {
  return {
    id: 'join:server-1',
    kind: 'join',
    phase: 'Configuring',
    slot: 'server-1',
    title: 'join as server',
    startedAt: AT,
    endedAt: null,
    outcome: 'running',
    error: null,
    ...part,
  };
}

export function operation(part: Partial<Operation> = {}): Operation {
  return {
    id: 'op-1',
    kind: 'create',
    requestedBy: 'ada',
    startedAt: AT,
    endedAt: null,
    outcome: 'running',
    reason: 'it does not exist yet',
    traceId: 't',
    specGeneration: 1,
    steps: [],
    stepsTotal: 4,
    ...part,
  };
}

export function failure(part: Partial<ErrorRecord> = {}): ErrorRecord {
  return {
    code: 'TypeNotOffered',
    class: 'invalid',
    message: 't3.huge is not offered in eu-west-1a\nnor anywhere else',
    hint: 'name another type',
    at: AT,
    operation: 'op-1',
    step: 'launch:server-0',
    slot: 'server-0',
    attempt: 1,
    ...part,
  };
}

export function node(part: Partial<NodeStatus> = {}): NodeStatus {
  return {
    slot: 'server-0',
    role: 'server',
    name: 'shop-server-0-g1',
    generation: 1,
    instanceId: 'i-1',
    instanceType: 't3.medium',
    power: 'running',
    zone: 'eu-west-1a',
    privateIp: '10.0.0.4',
    publicIp: null,
    k3s: 'v1.34.2+k3s1',
    ready: 'True',
    voter: 'True',
    doing: null,
    ...part,
  };
}

export function condition(part: Partial<Condition> = {}): Condition {
  return {
    type: 'NodesReady',
    status: 'True',
    reason: 'All',
    message: '1 of 1 nodes are Ready',
    hint: '',
    since: AT,
    lastProbeTime: '2026-03-01T12:00:48.000Z',
    ...part,
  };
}

/** A cluster that runs and is well, but for what is said. */
export function statusView(part: Partial<StatusView> = {}): StatusView {
  return {
    schemaVersion: 1,
    name: 'shop',
    uid: 'u',
    region: 'eu-west-1',
    account: null,
    version: 'v1.34.2+k3s1',
    phase: 'Running',
    health: 'Healthy',
    desiredState: 'running',
    paused: false,
    specGeneration: 1,
    observedGeneration: 1,
    createdAt: AT,
    traceId: 't',
    apiAddress: '10.0.0.4',
    caHash: null,
    images: [],
    nodes: [node()],
    conditions: [condition()],
    operation: null,
    operations: [],
    waiting: null,
    lastError: null,
    kept: [],
    backup: noBackup(),
    drill: noDrill(),
    ...part,
  };
}
