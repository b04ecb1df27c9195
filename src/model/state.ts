/**
 * What a cluster's workflow carries, also across continue-as-new. Plain JSON only: a Map would become {} and a Date a
 * string on the way through history. Times are ISO 8601 strings in UTC.
 */
import type { BackupState } from './backup/state.js';
import type { NodeFacts } from './care/facts.js';
import type { Findings } from './care/findings.js';
import type { Restarts } from './care/restarts.js';
import type { Measured } from './measured.js';
import type { StoredFiles } from './node-files/wanted.js';
import type { NodeLabels } from './node-labels/wanted.js';
import type { LostBeside, NodeView } from './observation.js';
import type { ErrorNote, Unobserved } from './observation-failure.js';
import type { Phase } from './phase.js';
import type { RestoreState } from './restore/state.js';
import type { RotationState } from './rotation/state.js';
import type { OwnGroups } from './security-groups/own-groups.js';
import type { CapacityReservation, ClusterDocument } from './spec/schema.js';
import type { ForeignInstance } from './trust/identity.js';
import type { DataVolumeRequest, KeptDataVolume } from './volumes/requests.js';
import type { Sight } from './watch/sight.js';

export const STATE_SCHEMA_VERSION = 1;

export type Architecture = 'amd64' | 'arm64';
export type Wish = 'running' | 'stopped' | 'deleted';
export type OperationKind =
  | 'create'
  | 'start'
  | 'stop'
  | 'resize'
  | 'update'
  | 'repair'
  | 'backup'
  | 'restore'
  | 'rotate'
  | 'delete';

/** What the account offers for this cluster, looked up once and pinned, so that every later launch asks for the same. */
export interface Placement {
  vpcId: string;
  vpcCidr: string;
  subnets: { id: string; zone: string; cidr: string }[];
  /** Image and root device by architecture, only for those that the document's instance types use. */
  images: Partial<Record<Architecture, ImageChoice>>;
  /** Architecture and the zones that offer it, by instance type. */
  instanceTypes: Record<string, { architecture: Architecture; zones: string[] }>;
  /** Groups of the document, or none: then Keelson makes its own. */
  securityGroupIds: string[];
}

/** An image as it was looked up. */
export interface ImageChoice {
  id: string;
  rootDeviceName: string;
  /** When it was made, ISO 8601; missing where EC2 does not tell it. */
  createdAt?: string;
}

/** All that a RunInstances request depends on; carried before the call, so that a repetition asks for exactly the same. */
export interface LaunchRequest {
  subnetId: string;
  instanceType: string;
  imageId: string;
  rootDeviceName: string;
  rootVolume: {
    sizeGiB: number;
    type: string;
    encrypted: boolean;
    kmsKeyId?: string | undefined;
    iops?: number | undefined;
    throughput?: number | undefined;
  };
  /** Data volumes, beside the root volume. */
  volumes?: DataVolumeRequest[];
  capacityReservation?: CapacityReservation | null;
  securityGroupIds: string[];
  instanceProfile: string | null;
  publicIp: boolean;
  /** Of answers of the instance metadata. */
  metadataHopLimit: number;
  /** Key into `ClusterState.userData`. */
  userDataId: string;
}

/** A node: the instance now in a slot. */
export interface NodeInstance {
  id: string;
  type: string;
  imageId: string;
  architecture: Architecture;
  subnetId: string;
  zone: string;
  privateIp: string;
  publicIp: string | null;
  launchedAt: string;
  power: 'running' | 'stopped';
  /** It cannot be stopped and started: a spot instance, or one whose root device is an instance store. */
  unstoppable?: true;
  /** Its SSM agent has never registered: it holds nothing, and its successor goes to another subnet. */
  unregistered?: true;
  /** Someone has taken away its tags; `refused`: and Keelson may not set them again. */
  untagged?: true | 'refused';
}

/** A place for a node. The facts below only change when a step has succeeded; the planner compares them with the spec. */
export interface Slot {
  name: string;
  role: 'server' | 'agent';
  pool: string | null;
  generation: number;
  /** Unique per generation: K3s refuses a reused name with another node password. */
  nodeName: string;
  launch: LaunchRequest | null;
  /** `<type> <subnet>` that had no capacity since the last success. */
  exhaustedSubnets: string[];
  /** Subnets in which SSM has not reached an instance of the slot: the next one goes elsewhere first. */
  unreachableSubnets: string[];
  instance: NodeInstance | null;
  /** The instance that the slot has lost; its generation is used up. */
  lastInstanceId: string | null;
  agentOnline: boolean;
  /** K3s version whose binary is in place. */
  installed: string | null;
  /** SHA-256 of the config.yaml the K3s service was last started with. */
  configHash: string | null;
  /** Security groups that Keelson has given its instance; null while that is not known. */
  groups: string[] | null;
  /** Fingerprint of the manifests that a server holds; null for none. */
  manifests: string | null;
  service: 'running' | 'stopped';
  /** For a server: a voter and Ready; for an agent: Ready. */
  joined: boolean;
  /** By our own hand: it takes pods again before all is over. */
  cordoned: boolean;
  /** Its pods have left it. A drain that was begun and failed has only cordoned it. */
  drained: boolean;
  /** Type before a change that is not proven yet: the way back when the new type cannot start. */
  previousType: string | null;
  /** Type that Keelson gave it last; another one was given by someone else. */
  givenType: string | null;
  /** When its K3s was last restarted for upkeep. */
  upkeepAt: string | null;
  /** Until when what is not well with it does not count: it was touched by our own hand. */
  graceUntil: string | null;
  /** Of its K3s, because it was not well. */
  restarts: Restarts | null;
  /** Since when Kubernetes has called the node not Ready, whatever was tried meanwhile; null when it was seen Ready since. */
  notReadySince: string | null;
  /** When Keelson last rebooted the instance because something was wrong with it. */
  rebootedAt: string | null;
  /** When Keelson last stopped and started the instance because something was wrong with it. */
  powerCycledAt: string | null;
  /** Agents of other clusters that SSM lost together with this one. */
  lostBeside: LostBeside | null;
  /** Public key that the node of this instance has reported: secrets for it are sealed to this key and no other. */
  sealKey?: { instanceId: string; publicKey: string };
  /** A restore by that ref has replaced the cluster that its etcd data is of: the data is set aside when it joins. */
  resetFor?: string;
  /** Its data volumes are attached and mounted; missing where it was launched with none. */
  volumesReady?: true;
  /** Labels and taints that Keelson has given its Node; null while that is not known. */
  nodeLabels: NodeLabels | null;
  /** What it reported about itself last. */
  facts: NodeFacts | null;
  /** What was measured of it since its instance and its K3s were started. */
  measured: Measured;
}

/** What was saved of the root volume of an instance that was replaced. */
export interface KeptVolume {
  kind: 'snapshot' | 'volume';
  id: string;
  slot: string;
  generation: number;
  instanceId: string;
  /** When it was saved, ISO 8601. */
  at: string;
}

export interface StepRecord {
  id: string;
  kind: string;
  phase: Phase;
  slot: string | null;
  title: string;
  startedAt: string;
  endedAt: string | null;
  outcome: 'running' | 'done' | 'failed' | 'cancelled';
  error: ErrorRecord | null;
}

/** The classes of decision 12. The class decides what happens next: retry, next subnet, park or repair. */
export const ERROR_CLASSES = [
  'throttled',
  'transient',
  'not-found-yet',
  'capacity',
  'quota',
  'auth',
  'invalid',
  'conflict',
  'node-script',
  'unknown',
] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

export interface ErrorRecord {
  code: string;
  class: ErrorClass;
  message: string;
  /** What a person can do about it. */
  advice: string;
  at: string;
  operation: string | null;
  step: string | null;
  slot: string | null;
  attempt: number;
}

export interface Operation {
  id: string;
  kind: OperationKind;
  requestedBy: string;
  startedAt: string;
  endedAt: string | null;
  outcome: 'running' | 'done' | 'failed' | 'cancelled' | 'rolledBack' | 'superseded';
  reason: string;
  traceId: string;
  specGeneration: number;
  /** Steps finished or under way, in the order they were begun. */
  steps: StepRecord[];
  /** How many steps the operation has in all, as last planned. */
  stepsTotal: number;
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  advice: string;
  /** Slots of the nodes for which it does not hold, where it counts nodes and is False. */
  slots?: string[];
  /** Since when the status is this. */
  since: string;
  /** When it was last looked at. */
  lastChecked: string;
}

export interface ClusterEvent {
  at: string;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  operation: string | null;
}

export interface Breaker {
  failures: number;
  /** Until when it is open; null below the threshold, and from the moment at which the next try begins. */
  openUntil: string | null;
  /** Nothing is tried before: the end of the back-off, or of an open breaker; null when the next try has begun. */
  retryAt: string | null;
  /** Seconds the next opening lasts. */
  nextSeconds: number;
  /** Of the last failure's error. */
  code: string;
}

/** A request that was accepted and for which no operation has begun: it can be withdrawn. */
export interface PendingRequest {
  /** Verb, e.g. `stop`. */
  name: string;
  /** What the fields that it has changed held before. */
  before: Partial<ClusterState>;
}

/** What the loop waits for, in words, and until when. */
export interface Waiting {
  for: string;
  since: string;
  until: string | null;
}

/** `reason` is the condition's: Invalid, or Refused for a document that is fine but cannot be had. */
export interface ConfigProblem {
  reason: 'Invalid' | 'Refused';
  message: string;
}

export interface ClusterState {
  schemaVersion: typeof STATE_SCHEMA_VERSION;
  /** Unique for this life of the name; tags every AWS resource. */
  uid: string;
  document: ClusterDocument;
  wish: Wish;
  paused: boolean;
  specGeneration: number;
  observedGeneration: number;
  createdAt: string;
  traceId: string;
  placement: Placement | null;
  /** When the placement was resolved last, ISO 8601; null before that. */
  placementAt: string | null;
  /** Fingerprint of the parts of the document that the placement was resolved for. */
  placementKey: string | null;
  /** User data by architecture: a key into `userData`. */
  userDataIds: Partial<Record<Architecture, string>>;
  /** Whether AWS was asked for what an earlier workflow of this name has left: `inspecting` until its nodes were looked at. */
  adoption: 'unasked' | 'inspecting' | 'done';
  /** Fencing generation of the claim to the name; null before the claim. */
  claim: number | null;
  /** Uid that a person wants to be taken over, although another workflow owns it; null for none. */
  adopt: string | null;
  /** Groups that Keelson has made; null before that, and for a document that names groups of its own. */
  securityGroups: OwnGroups | null;
  /** Bundles of files in the bucket, by group of nodes. */
  nodeFiles: Record<string, StoredFiles>;
  /** Names of the manifests that K3s may have applied. */
  manifests: string[];
  /** A node was seen Ready: from then on one that is not is a fault, also where the CNI is not of the document. */
  readySeen: boolean;
  /** User data texts by their hash; only those that some slot's launch refers to. */
  userData: Record<string, string>;
  slots: Record<string, Slot>;
  /** Generation last used by slot name, also of slots that are gone: a token or a node name is never used again. */
  generations: Record<string, number>;
  /** Slot and generation that founded etcd with cluster-init, once in a life. */
  founder: string | null;
  /** Newest K3s version whose binary any node has had in place, in this life of the name. */
  newestVersion: string | null;
  /** Address in the published kubeconfig. */
  apiAddress: string | null;
  /** Slot and generation of the server whose kubeconfig is published; null before that. */
  kubeconfigFrom: string | null;
  /** When the client certificate in the published kubeconfig ends at the earliest, ISO 8601; null until its server has told. */
  kubeconfigUntil: string | null;
  /** SHA-256 of the server CA, as the first server has told it; null of an adopted cluster, which no one has heard founding. */
  caHash: string | null;
  /** When the cluster was Running for the first time: from then on it is started, updated and repaired, not created. */
  bornAt: string | null;
  /** All nodes were seen Ready and all servers voters since the last step that changed a node. */
  verified: boolean;
  /** Instance types that could not start, with the reason: not tried again until the wish changes or `retry`. */
  heldTypes: Record<string, string>;
  operation: Operation | null;
  /** Finished operations, oldest first, bounded. */
  operations: Operation[];
  operationCount: number;
  lastRequest: PendingRequest | null;
  /** Ids that senders gave to their requests, newest last, bounded: one that comes a second time changes nothing. */
  heardRequests: string[];
  /** Id given to the latest request: the operation that answers it takes it over. */
  requestedOperationId: string | null;
  /** Node jobs sent so far: makes job ids unique. */
  jobCount: number;
  /** Kubernetes nodes as last seen by a verify step, and the members of etcd that have no Node. */
  nodesSeen: { at: string; nodes: NodeView[]; strayMembers?: string[] } | null;
  conditions: Condition[];
  lastError: ErrorRecord | null;
  events: ClusterEvent[];
  breakers: Partial<Record<OperationKind, Breaker>>;
  /** When instances were launched, by slot name, of the last minutes, also of slots that are gone. */
  launches: Record<string, string[]>;
  waiting: Waiting | null;
  /** Someone has asked for a look, or has seen a change: the next round of the loop looks for itself. */
  lookWanted: boolean;
  /** When someone looked last: by a look, or by a step that changed what is known. */
  checkedAt: string;
  /** When the last look began; what was measured before it is not of this look. */
  lookBegunAt: string | null;
  /** Looks in a row that failed, in whole or in part. */
  blindLooks: number;
  /** What cannot be observed now, and why. */
  unobserved: Unobserved;
  /** When the region watch told something last, ISO 8601. */
  watchedAt: string | null;
  /** Why status.yaml could not be written; null when it was. */
  statusProblem: ErrorNote | null;
  /** Looks in a row after which something was not well. */
  uneasyLooks: number;
  /** Instances that carry the cluster's tags and are not the cluster's, as last seen. */
  foreign: ForeignInstance[];
  /** What is not well with nodes, by slot and kind, and ghosts. */
  findings: Findings;
  /** When nodes were replaced, of the last hour. */
  replacements: string[];
  /** Volumes and snapshots of instances that were replaced; they go with the cluster. */
  kept: KeptVolume[];
  /** Data volumes with `keep`, by slot and name, also of slots that are gone; missing until EC2 was asked for them. */
  dataVolumes?: Record<string, Record<string, KeptDataVolume>>;
  backup: BackupState;
  /** A restore that was asked for and is not done; null for none. */
  restore: RestoreState | null;
  /** A rotation that was asked for and is not done; null for none. */
  rotation: RotationState | null;
  /** Someone wants repairs that are held back: carried out as soon as can be. */
  repairAsked: boolean;
  /** What the region watch or an event told while an operation ran: judged at its end. */
  sight: Sight | null;
  /** Why the document in the bucket is not in force; null when it is, or no one has put one there. */
  configProblem: ConfigProblem | null;
  /** Which object in the bucket was applied last by its event: the event may come again, after the wish has changed. */
  configVersion: string | null;
  /** Who asked for the current wish. */
  requestedBy: string;
}
