import { accountIdOf } from './account-role.js';
import type { BackupState } from './backup/state.js';
import { INSTANCES_OWNED } from './checks/foreign-instances.js';
import { type Judged, judged } from './checks/judged.js';
import type { Known } from './checks/known.js';
import { MIRROR_READABLE } from './checks/mirror.js';
import { nodeReady, votes } from './checks/nodes.js';
import { hiding, OBSERVED } from './checks/observed.js';
import { INSTANCE_TYPES_IN_SYNC, STATUS_STORED } from './checks.js';
import { CONFIG_VALID } from './config-problem.js';
import { BACKUP_PROVEN } from './drill/condition.js';
import type { DrillState } from './drill/state.js';
import { type Suspicion, suspicionsIn } from './health/findings.js';
import { hidesHealth } from './observation-failure.js';
import type { Phase } from './phase.js';
import { phaseOf } from './phase-of.js';
import type {
  Architecture,
  ClusterState,
  Condition,
  ErrorRecord,
  ImageChoice,
  KeptVolume,
  LostInstance,
  Operation,
  Slot,
  Waiting,
} from './state.js';

export const HEALTHS = ['Healthy', 'Degraded', 'Unhealthy', 'Unknown'] as const;
export type Health = (typeof HEALTHS)[number];

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
  /** The instance whose place it takes, until it has joined. */
  lost?: LostInstance;
}

/** What the `status` query answers and status.yaml holds. */
export interface StatusView {
  schemaVersion: number;
  name: string;
  uid: string;
  region: string;
  /** AWS account of the cluster, 12 digits; null for the worker's own. */
  account: string | null;
  version: string;
  phase: Phase;
  health: Health;
  desiredState: string;
  paused: boolean;
  specGeneration: number;
  observedGeneration: number;
  createdAt: string;
  traceId: string;
  apiAddress: string | null;
  /** SHA-256 of the server CA in hex: the CLI compares it with a stored kubeconfig's. Null when it is not known. */
  caHash: string | null;
  /** Images that new instances get. */
  images: (ImageChoice & { architecture: Architecture; chosenAt: string | null })[];
  nodes: NodeStatus[];
  conditions: Condition[];
  /** What one observation has seen and no second one has confirmed; missing where there is nothing. No condition and no health counts it. */
  suspected?: Suspicion[];
  operation: Operation | null;
  operations: Operation[];
  waiting: Waiting | null;
  lastError: ErrorRecord | null;
  /** Volumes and snapshots of instances that were replaced; they are deleted with the cluster. */
  kept: KeptVolume[];
  /** Data volumes with `keep`; they are deleted with the cluster. */
  dataVolumes?: { slot: string; name: string; id: string; zone: string }[];
  /** The newest backup, and why the last try failed; `keelson backups` lists all. */
  backup: BackupState;
  /** The last drill of a backup, and the one that runs. */
  drill: DrillState;
}

/** Returns the view people and programs get of a cluster: the carried state without what only the workflow needs. */
export function statusOf(state: ClusterState): StatusView {
  return {
    schemaVersion: state.schemaVersion,
    name: state.document.metadata.name,
    uid: state.uid,
    region: state.document.spec.region,
    account: accountIdOf(state.document.spec.account),
    version: state.document.spec.k3s.version,
    phase: phaseOf(state),
    health: healthOf(state),
    desiredState: state.desiredState,
    paused: state.paused,
    specGeneration: state.specGeneration,
    observedGeneration: state.observedGeneration,
    createdAt: state.createdAt,
    traceId: state.traceId,
    apiAddress: state.apiAddress,
    caHash: state.caHash,
    images: imagesOf(state),
    nodes: nodesOf(state),
    conditions: state.conditions,
    ...suspectedIn(state),
    operation: state.operation,
    operations: state.operations,
    waiting: state.waiting,
    lastError: state.lastError,
    kept: state.kept,
    dataVolumes: dataVolumesIn(state),
    backup: state.backup,
    drill: state.drill,
  };
}

function suspectedIn(state: ClusterState): Pick<StatusView, 'suspected'> {
  const suspected = suspicionsIn(state);
  return suspected.length === 0 ? {} : { suspected };
}

function dataVolumesIn({ dataVolumes = {} }: ClusterState): NonNullable<StatusView['dataVolumes']> {
  return Object.entries(dataVolumes).flatMap(([slot, volumes]) =>
    Object.entries(volumes).map(([name, { id, zone }]) => ({ slot, name, id, zone })),
  );
}

function imagesOf({ launchConfig, launchConfigAt }: ClusterState): StatusView['images'] {
  return (['amd64', 'arm64'] as const).flatMap((architecture) => {
    const image = launchConfig?.images[architecture];
    return image === undefined ? [] : [{ ...image, architecture, chosenAt: launchConfigAt }];
  });
}

/** What says nothing about health. */
const SILENT: ReadonlySet<string> = new Set([
  OBSERVED,
  INSTANCE_TYPES_IN_SYNC,
  STATUS_STORED,
  CONFIG_VALID,
  INSTANCES_OWNED,
  MIRROR_READABLE,
  BACKUP_PROVEN,
]);

/** Returns whether the conditions say anything about health: not while the cluster is made, stopped or deleted. */
export const hasHealth = ({ initializedAt, desiredState }: ClusterState): boolean =>
  initializedAt !== null && desiredState === 'running';

/**
 * Unhealthy when the API is known not to answer, Degraded when anything else is known not to hold. Healthy only when all was measured and is
 * observed now; else, and while the cluster is made, stopped or deleted, Unknown.
 */
export function healthOf(state: ClusterState): Health {
  const { conditions } = state;
  if (!hasHealth(state)) return 'Unknown';
  const telling = conditions.filter(({ type }) => !SILENT.has(type));
  const failing = telling.filter((condition) => condition.status === 'False');
  if (failing.some((condition) => condition.type === 'ApiAvailable')) return 'Unhealthy';
  if (failing.length > 0) return 'Degraded';
  const { own, region } = state.unobserved;
  const observed = conditions.find(({ type }) => type === OBSERVED)?.status;
  const isObserved = observed === 'True' || (observed === 'False' && ![...own, ...region].some(hidesHealth));
  return isObserved && telling.every(({ status }) => status === 'True') ? 'Healthy' : 'Unknown';
}

const SAID = { good: 'True', bad: 'False', unmeasured: 'Unknown' } as const;

function nodesOf(state: ClusterState): NodeStatus[] {
  const [isHidden, isPowerHidden] = [hiding(state, 'nodes') !== null, hiding(state, 'instances') !== null];
  const facts = judged(state);
  const doing = new Map<string | null, string>();
  for (const { outcome, slot, title } of state.operation?.steps ?? [])
    if (outcome === 'running' && !doing.has(slot)) doing.set(slot, title);
  return inOrder(facts).map((slot) => {
    const says = (known: Known) => (isHidden ? 'Unknown' : SAID[known.is]);
    return {
      slot: slot.name,
      role: slot.role,
      name: slot.nodeName,
      generation: slot.generation,
      instanceId: slot.instance?.id ?? null,
      instanceType: slot.instance?.type ?? slot.launch?.instanceType ?? null,
      power: slot.instance === null ? 'none' : isPowerHidden ? 'unknown' : slot.instance.power,
      zone: slot.instance?.zone ?? null,
      privateIp: slot.instance?.privateIp ?? null,
      publicIp: slot.instance?.publicIp ?? null,
      k3s: slot.installed,
      ready: says(nodeReady(facts, slot, state.checkedAt)),
      voter: slot.role === 'agent' ? '-' : says(votes(facts, slot, state.checkedAt)),
      doing: doing.get(slot.name) ?? null,
      ...(slot.lost !== undefined && { lost: slot.lost }),
    };
  });
}

/** Returns the slots in the order of the document, servers first, whichever was launched first; then those that are to go. */
function inOrder({ places, slots }: Judged): Slot[] {
  const rank = new Map(places.map(({ wanted }, index) => [wanted.name, index]));
  const of = ({ name }: Slot) => rank.get(name) ?? rank.size;
  return Object.values(slots).sort((a, b) => of(a) - of(b));
}
