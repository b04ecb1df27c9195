import type { CapacityReservation, ClusterDocument, Pool, RootVolume } from './spec/schema.js';
import { type DataVolumeRequest, dataVolumesOf } from './volumes/requests.js';

/** Names that Keelson gives: slots, Kubernetes nodes, node jobs. All are derived, so that nothing has to be remembered twice. */

/** Servers by mode, where the document does not say how many: embedded etcd wants an odd number. [docs: ha-embedded] */
export const SERVER_COUNT = { ha: 3, dev: 1 } as const;

/** Most servers that a cluster may have. */
export const MAX_SERVERS = 7;

/** Returns how many servers the document asks for. */
export const serverCountOf = ({ mode, servers }: ClusterDocument['spec']): number =>
  servers.count ?? SERVER_COUNT[mode];

/** Pool name that would collide with the slots of the servers. */
export const RESERVED_POOL = 'server';

/** Kubernetes: the label kubernetes.io/hostname holds at most 63 characters. */
export const MAX_NODE_NAME = 63;

/** SSM: `Comment` of a command. */
export const MAX_JOB_ID = 100;

/** What the document wants in a slot. */
export interface WantedSlot {
  name: string;
  role: 'server' | 'agent';
  pool: string | null;
  /** First choice. */
  instanceType: string;
  /** Types that do as well, in the order in which they are tried. */
  fallbackTypes: string[];
  /** Where it may be launched; null for all zones of the subnets. */
  zones: string[] | null;
  /** K3s settings over those of the document. */
  config: Pool['config'];
  rootVolume: RootVolume;
  /** Beside the root volume. */
  volumes: DataVolumeRequest[];
  capacityReservation: CapacityReservation | null;
  labels: Record<string, string>;
  taints: string[];
}

export const slotName = (pool: string | null, index: number): string => `${pool ?? RESERVED_POOL}-${index}`;

/** Stands for the last instance of a stale node's slot where nothing names it. EC2 gives no such id. */
export const UNKNOWN_INSTANCE = 'i-unknown';

/** Whether a slot of that name is a server's: no pool can have the name that its slots begin with. */
export const isServerSlot = (name: string): boolean => /^server-\d+$/.test(name);

/** Every slot that the document wants: servers first, then pools in the order of the document. */
export function slotsOf(document: ClusterDocument): WantedSlot[] {
  const servers = Array.from({ length: serverCountOf(document.spec) }, (_, index) => serverIn(document, index));
  const agents = document.spec.pools.flatMap((pool) =>
    Array.from({ length: pool.count }, (_, index) => agentIn(pool, index)),
  );
  return [...servers, ...agents];
}

/** Returns what the document wants in the slot of that name, without the slots of all other nodes; undefined if it wants none. */
export function slotIn(document: ClusterDocument, name: string | null): WantedSlot | undefined {
  const { spec } = document;
  const at = name?.lastIndexOf('-') ?? -1;
  const index = Number(name?.slice(at + 1));
  const pool = spec.pools.find((one) => one.name === name?.slice(0, at));
  if (isServerSlot(name ?? '')) return index < serverCountOf(spec) ? serverIn(document, index) : undefined;
  // `01` and `1e1` are numbers, and no slot has them in its name.
  return pool === undefined || !(index < pool.count) || slotName(pool.name, index) !== name
    ? undefined
    : agentIn(pool, index);
}

const serverIn = ({ spec: { servers } }: ClusterDocument, index: number): WantedSlot => ({
  name: slotName(null, index),
  role: 'server',
  pool: null,
  instanceType: servers.instanceType,
  fallbackTypes: [],
  zones: null,
  config: {},
  rootVolume: servers.rootVolume,
  volumes: dataVolumesOf(servers.volumes),
  capacityReservation: servers.capacityReservation ?? null,
  labels: {},
  taints: [],
});

const agentIn = (pool: Pool, index: number): WantedSlot => ({
  name: slotName(pool.name, index),
  role: 'agent',
  pool: pool.name,
  instanceType: pool.instanceType,
  fallbackTypes: pool.fallbackTypes,
  zones: pool.zones ?? null,
  config: pool.config,
  rootVolume: pool.rootVolume,
  volumes: dataVolumesOf(pool.volumes),
  capacityReservation: pool.capacityReservation ?? null,
  labels: pool.labels,
  taints: pool.taints,
});

/** Types that a slot may have, the first choice first. */
export const typesOfSlot = ({ instanceType, fallbackTypes }: WantedSlot): string[] => [
  ...new Set([instanceType, ...fallbackTypes]),
];

/** Returns every type that a node may get, sorted. */
export const typesIn = (document: ClusterDocument): string[] =>
  [...new Set(slotsOf(document).flatMap(typesOfSlot))].sort();

/** Kubernetes name of a node; unique per generation, for K3s refuses a reused name with another node password. */
export function nodeNameOf(cluster: string, slot: string, generation: number): string {
  return `${cluster}-${slot}-g${generation}`;
}

/**
 * Returns the id of one run of a script for a slot, also the SSM command's Comment.
 *
 * @param count from `ClusterState.jobCount`: makes the id unique in the cluster's life
 */
export function jobIdOf(cluster: string, uid: string, script: string, slot: string, count: number): string {
  const tail = `-${uid.slice(0, 8)}-${script}-${slot}-${count}`;
  return `${cluster.slice(0, Math.max(0, MAX_JOB_ID - tail.length))}${tail}`;
}
