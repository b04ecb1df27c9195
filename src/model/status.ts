import { OBSERVED, TYPES_AS_ASKED } from './checks.js';
import type { Verdict } from './conditions.js';
import { CONFIG_VALID } from './config-problem.js';
import { nodeHas } from './node-ready.js';
import type { Phase } from './phase.js';
import { phaseOf } from './phase-of.js';
import type { ClusterState, Condition, ErrorRecord, KeptVolume, Operation, Waiting } from './state.js';

export type Health = 'Healthy' | 'Degraded' | 'Unhealthy' | 'Unknown';

export interface NodeStatus {
  slot: string;
  role: 'server' | 'agent';
  name: string;
  generation: number;
  instanceId: string | null;
  instanceType: string | null;
  power: string;
  zone: string | null;
  privateIp: string | null;
  publicIp: string | null;
  k3s: string | null;
  ready: 'True' | 'False' | 'Unknown';
  voter: 'True' | 'False' | 'Unknown' | '-';
  /** What is being done on it right now. */
  doing: string | null;
}

/** What the `status` query answers and status.yaml holds. */
export interface StatusView {
  schemaVersion: number;
  name: string;
  uid: string;
  region: string;
  version: string;
  phase: Phase;
  health: Health;
  wish: string;
  paused: boolean;
  specGeneration: number;
  observedGeneration: number;
  createdAt: string;
  traceId: string;
  apiAddress: string | null;
  nodes: NodeStatus[];
  conditions: Condition[];
  operation: Operation | null;
  operations: Operation[];
  waiting: Waiting | null;
  lastError: ErrorRecord | null;
  /** Volumes and snapshots of instances that were replaced; they are deleted with the cluster. */
  kept: KeptVolume[];
}

/** The view people and programs get of a cluster: the carried state without what only the workflow needs. */
export function statusOf(state: ClusterState): StatusView {
  return {
    schemaVersion: state.schemaVersion,
    name: state.document.metadata.name,
    uid: state.uid,
    region: state.document.spec.region,
    version: state.document.spec.k3s.version,
    phase: phaseOf(state),
    health: healthOf(state, state.conditions),
    wish: state.wish,
    paused: state.paused,
    specGeneration: state.specGeneration,
    observedGeneration: state.observedGeneration,
    createdAt: state.createdAt,
    traceId: state.traceId,
    apiAddress: state.apiAddress,
    nodes: nodesOf(state),
    conditions: state.conditions,
    operation: state.operation,
    operations: state.operations,
    waiting: state.waiting,
    lastError: state.lastError,
    kept: state.kept,
  };
}

/** Healthy when all conditions hold; Unhealthy when the API is not there; Unknown while nothing can be seen or all sleeps. */
function healthOf(state: ClusterState, conditions: readonly Verdict[]): Health {
  if (state.bornAt === null || state.wish !== 'running') return 'Unknown';
  if (conditions.some((one) => one.type === OBSERVED && one.status !== 'True')) return 'Unknown';
  const telling = conditions.filter(({ type }) => type !== TYPES_AS_ASKED && type !== CONFIG_VALID);
  const failing = telling.filter((condition) => condition.status === 'False');
  if (failing.some((condition) => condition.type === 'ApiAvailable')) return 'Unhealthy';
  if (failing.length > 0) return 'Degraded';
  return telling.some((condition) => condition.status === 'Unknown') ? 'Unknown' : 'Healthy';
}

function nodesOf(state: ClusterState): NodeStatus[] {
  const seen = new Map((state.nodesSeen?.nodes ?? []).map((node) => [node.name, node]));
  const running = state.operation?.steps.filter((step) => step.outcome === 'running') ?? [];
  return Object.values(state.slots).map((slot) => {
    const node = seen.get(slot.nodeName);
    const up = slot.service === 'running' && slot.joined;
    const says = (what: 'ready' | 'voter') =>
      !up || !nodeHas(state, slot, what) ? 'False' : node ? 'True' : 'Unknown';
    return {
      slot: slot.name,
      role: slot.role,
      name: slot.nodeName,
      generation: slot.generation,
      instanceId: slot.instance?.id ?? null,
      instanceType: slot.instance?.type ?? slot.launch?.instanceType ?? null,
      power: slot.instance?.power ?? 'none',
      zone: slot.instance?.zone ?? null,
      privateIp: slot.instance?.privateIp ?? null,
      publicIp: slot.instance?.publicIp ?? null,
      k3s: slot.installed,
      ready: says('ready'),
      voter: slot.role === 'agent' ? '-' : says('voter'),
      doing: running.find((step) => step.slot === slot.name)?.title ?? null,
    };
  });
}
