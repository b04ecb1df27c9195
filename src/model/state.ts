/**
 * What a cluster's workflow carries, also across continue-as-new. Plain JSON only: a Map would become {} and a Date a
 * string on the way through history. Times are ISO 8601 strings in UTC.
 */
import type { BackupState } from './backup/state.js';
import type { DrillState } from './drill/state.js';
import type { NodeObservation } from './observation.js';
import type { ErrorNote, Unobserved } from './observation-failure.js';
import type { RestoreState } from './restore/state.js';
import type { ClusterDocument } from './spec/schema.js';
import type { ClusterEvent, Condition, ConfigProblem } from './state/condition.js';
import type { ErrorRecord } from './state/error.js';
import type { OwnGroups, RefusedGroups } from './state/groups.js';
import type { Architecture, KeptVolume, LaunchConfig } from './state/instance.js';
import type { Findings, StoredFiles } from './state/node.js';
import type { Breaker, Operation, OperationKind, Waiting } from './state/operation.js';
import type { RegionReport } from './state/region-report.js';
import type { RotationState } from './state/rotation.js';
import type { Slot } from './state/slot.js';
import type { ForeignInstance } from './trust/identity.js';
import type { KeptDataVolume } from './volumes/requests.js';

export type * from './state/condition.js';
export { ERROR_CLASSES, type ErrorClass, type ErrorRecord } from './state/error.js';
export type * from './state/instance.js';
export type * from './state/operation.js';
export type { Slot } from './state/slot.js';

export const STATE_SCHEMA_VERSION = 1;

export type DesiredState = 'running' | 'stopped' | 'deleted';

/** A request that was accepted and for which no operation has begun: it can be withdrawn. */
export interface PendingRequest {
  /** Verb, e.g. `stop`. */
  name: string;
  /** What the fields that it has changed held before. */
  before: Partial<ClusterState>;
}

export interface ClusterState {
  schemaVersion: typeof STATE_SCHEMA_VERSION;
  /** Unique for this life of the name; tags every AWS resource. */
  uid: string;
  document: ClusterDocument;
  desiredState: DesiredState;
  paused: boolean;
  specGeneration: number;
  observedGeneration: number;
  createdAt: string;
  traceId: string;
  launchConfig: LaunchConfig | null;
  /** When the launch config was resolved last, ISO 8601; null before that. */
  launchConfigAt: string | null;
  /** When it was resolved last without the answers that are kept for all clusters, ISO 8601. */
  askedAgainAt?: string;
  /** Fingerprint of the parts of the document that the launch config was resolved for. */
  launchConfigKey: string | null;
  /** User data by architecture: a key into `userData`. */
  userDataIds: Partial<Record<Architecture, string>>;
  /** User data by architecture with which the first server founds the cluster, and the key of what it asks for; gone when it is launched. */
  founding?: { key: string; userDataIds: Partial<Record<Architecture, string>> } | null;
  /** Whether AWS was asked for what an earlier workflow of this name has left: `inspecting` until its nodes were looked at. */
  adoption: 'unasked' | 'inspecting' | 'done';
  /** Fencing generation of the claim to the name; null before the claim. */
  claim: number | null;
  /** Its name waited for its turn: it is made as one of many. */
  amongMany?: true;
  /** Uid that a person wants to be taken over, although another workflow owns it; null for none. */
  adopt: string | null;
  /** Groups that Keelson has made; null before that, and for a document that names groups of its own. */
  securityGroups: OwnGroups | null;
  /** Groups that AWS refuses to give an instance, by its id: not tried again until the document asks for others, or `retry`. Missing for none. */
  refusedGroups?: Record<string, RefusedGroups>;
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
  /** Slot and generation that bootstrapped etcd with cluster-init, once in a life. */
  bootstrapServer: string | null;
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
  initializedAt: string | null;
  /** All nodes were seen Ready and all servers voters since the last step that changed a node. */
  verified: boolean;
  /** Instance types that could not start, with the reason: not tried again until the desired state changes or `retry`. */
  unavailableTypes: Record<string, string>;
  operation: Operation | null;
  /** Finished operations, oldest first, bounded. */
  operations: Operation[];
  /** Jobs that steps have left on nodes when the history ended, by what they do, and when; absent before the first. */
  leftJobs?: { at: string; jobs: Record<string, string> };
  operationCount: number;
  lastRequest: PendingRequest | null;
  /** The request that has started the workflow was withdrawn before anything was done for it: the workflow ends. */
  withdrawn?: true;
  /** Ids that senders gave to their requests, newest last, bounded: one that comes a second time changes nothing. */
  heardRequests: string[];
  /** Id given to the latest request: the operation that answers it takes it over. */
  requestedOperationId: string | null;
  /** Node jobs sent so far: makes job ids unique. */
  jobCount: number;
  /** Kubernetes nodes as last seen by a verify step, and the members of etcd that have no Node. */
  observedNodes: { at: string; nodes: NodeObservation[]; strayMembers?: string[] } | null;
  conditions: Condition[];
  lastError: ErrorRecord | null;
  events: ClusterEvent[];
  breakers: Partial<Record<OperationKind, Breaker>>;
  /** When instances were launched, by slot name, of the last minutes, also of slots that are gone. */
  launches: Record<string, string[]>;
  waiting: Waiting | null;
  /** Someone has asked for an observation, or has seen a change: the next round of the loop looks for itself. */
  observeRequested: boolean;
  /** When the cluster was last observed: by an observation, or by a step that changed what is known. */
  checkedAt: string;
  /** When the last observation began; what was measured before it does not belong to it. */
  observationStartedAt: string | null;
  /** Observations in a row that failed, in whole or in part. */
  failedObservations: number;
  /** What cannot be observed now, and why. */
  unobserved: Unobserved;
  /** When the region watch told something last, ISO 8601. */
  watchedAt: string | null;
  /** Why status.yaml could not be written; null when it was. */
  statusProblem: ErrorNote | null;
  /** Why the worker could not read the K3s release at the mirror, and since when; null when it could, or since a node has it. */
  mirrorProblem: { message: string; since: string } | null;
  /** Observations in a row after which something was unhealthy. */
  unhealthyObservations: number;
  /** Instances that carry the cluster's tags and are not the cluster's, as last seen. */
  foreign: ForeignInstance[];
  /** Problems of nodes, by slot and kind, and stale nodes. */
  findings: Findings;
  /** When nodes were replaced, of the last hour. */
  replacements: string[];
  /** Volumes and snapshots of instances that were replaced; they go with the cluster. */
  kept: KeptVolume[];
  /** Data volumes with `keep`, by slot and name, also of slots that are gone; missing until EC2 was asked for them. */
  dataVolumes?: Record<string, Record<string, KeptDataVolume>>;
  backup: BackupState;
  drill: DrillState;
  /** A restore that was asked for and is not done; null for none. */
  restore: RestoreState | null;
  /** A rotation that was asked for and is not done; null for none. */
  rotation: RotationState | null;
  /** Someone wants repairs that are held back: carried out as soon as can be. */
  repairAsked: boolean;
  /** What the region watch or an event told while an operation ran: judged at its end. */
  regionReport: RegionReport | null;
  /** Why the document in the bucket is not in force; null when it is, or no one has put one there. */
  configProblem: ConfigProblem | null;
  /** Which object in the bucket was applied last by its event: the event may come again, after the desired state has changed. */
  configVersion: string | null;
  /** Who asked for the current desired state. */
  requestedBy: string;
}
