/**
 * The activities as the workflow sees them: types only, so that nothing of Node or AWS reaches workflow code.
 *
 * Failures are `ApplicationFailure`s: `type` is the error class of decision 12, `details[0]` an `ErrorDetail`,
 * `nonRetryable` is set for capacity, quota, auth, invalid and node-script. Cancellation is rethrown unwrapped.
 */

import type { AccountRole } from '../model/account-role.js';
import type { Keep } from '../model/backup/retention.js';
import type { NodeFiles } from '../model/node-files/wanted.js';
import type { InstanceView } from '../model/observation.js';
import type { BackupSource, RestoredBackup } from '../model/restore/state.js';
import type { GroupIds, RuleDifference } from '../model/security-groups/keys.js';
import type { GroupRole, GroupRule } from '../model/security-groups/rules.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import type { Architecture, ErrorClass, LaunchRequest, Placement } from '../model/state.js';
import type { ForeignInstance } from '../model/trust/identity.js';
import type { DataVolumeRequest, KeptDataVolume } from '../model/volumes/requests.js';
import type { WatchReport } from '../model/watch/report.js';

export interface ErrorDetail {
  /** AWS code (`InsufficientInstanceCapacity`), or ours in CamelCase (`NodeScriptFailed`). */
  code: string;
  class: ErrorClass;
  /** What was tried, on what, and what came back. No secrets. */
  message: string;
  advice: string;
  /** Instance types that cannot be had, where that is what failed. */
  types?: string[];
}

/** Goes with every call: in which region and account, for which cluster, under which operation. */
export interface Scope {
  region: string;
  /** Role to assume in the account of the cluster; absent in the worker's own. */
  account?: AccountRole;
  cluster: string;
  uid: string;
  operation: string;
  traceId: string;
  /** Span of the step, or of the operation, that the call belongs to: 16 hex digits; absent outside of operations. */
  span?: string;
  /** Fencing generation of the workflow's claim to the name; absent before the claim. */
  claim?: number;
}

export interface ClaimInput extends Scope {
  /** First run of the workflow that asks. */
  firstRunId: string;
  /** Uid that a person wants to take over although another workflow owns it, or null. */
  adopt: string | null;
  /** Of the document, where it names one. */
  instanceProfile: string | null;
}
export interface Claim {
  /** That of the life of the name that is taken over, else the asking workflow's own. */
  uid: string;
  generation: number;
  /** What the life has left, or null. */
  found: FoundCluster | null;
}

export interface ResolvePlacementInput extends Scope {
  document: ClusterDocument;
  /** Types to ask for where they are not just the document's: some were given up. */
  instanceTypes?: string[];
  /** Whether a node has taken the networks of pods and services: then they are not compared with the VPC's any more. */
  networksInUse?: boolean;
}
export interface ResolvedPlacement {
  placement: Placement;
  /** User data by architecture: the prepare-and-prefetch script, rendered. */
  userData: Partial<Record<Architecture, { id: string; text: string }>>;
}

export interface SecurityGroupsInput extends Scope {
  vpcId: string;
  /** Groups that the workflow has recorded; null: they are found by name and tags, or made. */
  known: GroupIds | null;
  /** All that the groups let in. */
  rules: GroupRule[];
  tags: Record<string, string>;
}
export interface SecurityGroupsResult {
  /** With the keys of the rules that they have now. */
  groups: Record<GroupRole, ObservedGroup>;
  /** What had to be opened (`missing`) and closed (`extra`). */
  changed: Record<GroupRole, RuleDifference>;
}
/** A security group as EC2 shows it. */
export interface ObservedGroup {
  id: string;
  /** Keys of its rules. */
  rules: string[];
}
export interface ObserveGroupsInput extends Scope {
  groupIds: string[];
}

export interface LaunchInput extends Scope {
  slot: string;
  generation: number;
  nodeName: string;
  launch: LaunchRequest;
  userData: string;
  /** The document's own tags; Keelson's are added. */
  tags: Record<string, string>;
}

export interface AwaitInstanceInput extends Scope {
  instanceId: string;
  /** `agent-online` is running and SSM agent Online. */
  until: 'running' | 'agent-online' | 'stopped' | 'terminated';
  /** With `agent-online`: how long the agent of an instance that runs may take to register. Without it the wait has no other end than its time-out. */
  registrationSeconds?: number;
}

export interface InstancesInput extends Scope {
  instanceIds: string[];
}

export interface StopInput extends InstancesInput {
  /** Power is cut where the operating system does not shut down. */
  force?: boolean;
}

export interface ModifyTypeInput extends Scope {
  instanceId: string;
  instanceType: string;
}

export interface InstanceGroupsInput extends Scope {
  instanceId: string;
  /** All that it is to be in. */
  groupIds: string[];
  /** Those of them that the document names; the others are Keelson's own. */
  named: string[];
}

export interface SaveVolumeInput extends Scope {
  instanceId: string;
  slot: string;
  generation: number;
  how: 'snapshot' | 'keep';
  /** The document's own tags; Keelson's are added. */
  tags: Record<string, string>;
}

/** The data volumes of a new instance. */
export interface ProvideVolumesInput extends Scope {
  instanceId: string;
  slot: string;
  generation: number;
  /** As the launch asked for them. */
  volumes: DataVolumeRequest[];
  /** Kept volumes of the slot that the workflow has recorded, by name. */
  known: Record<string, KeptDataVolume>;
  /** The document's own tags; Keelson's are added. */
  tags: Record<string, string>;
}
/** A data volume that is attached to its instance. */
export interface ProvidedVolume {
  name: string;
  id: string;
  zone: string;
  /** `made`: new and empty; `lost`: new, because EC2 does not know the recorded one any more. */
  origin: 'launch' | 'made' | 'lost' | 'kept';
}

/** A kept data volume that carries the cluster's tags and proves to be the cluster's. */
export interface FoundDataVolume extends KeptDataVolume {
  slot: string;
  name: string;
}

/** What was saved of a root volume. */
export interface SavedVolume {
  kind: 'snapshot' | 'volume';
  id: string;
}

/** What carries a cluster's name in AWS. */
export interface FoundCluster {
  uid: string;
  /** Those that live; none when an earlier life has left only its group. */
  instances: InstanceView[];
  /** By slot the youngest instance that EC2 still lists, terminated or not: its generation is used up. */
  youngest: Record<string, { generation: number; instanceId: string }>;
  /** Groups of the cluster's own; null unless both are there. */
  securityGroupIds: GroupIds | null;
  /** Keys below `clusters/<name>/` that are there. */
  bucketKeys: string[];
  /** Earlier lives of the name that left something behind. */
  otherUids: string[];
  /** Instances that carry the name and prove nothing: not among `instances`. */
  foreign: ForeignInstance[];
}

export interface SweepResult {
  instances: string[];
  volumes: string[];
  /** Of nodes that were replaced. */
  snapshots: string[];
  securityGroups: string[];
}

/** A presigned URL made inside the activity that sends the script; the script finds it in the variable named by the key. */
export interface Presign {
  method: 'GET' | 'PUT';
  /** Key below `clusters/<name>/`, or with `of: 'backups'` below `backups/<name>/`. */
  key: string;
  of?: 'backups';
  /** Cluster whose backups these are, where it is another one. */
  cluster?: string;
}

export interface RunOnNodesInput extends Scope {
  instanceIds: string[];
  /** Unique per script run; at most 100 characters (it is the SSM command's Comment). The same id never runs twice. */
  jobId: string;
  /** Name of a script in src/node without its ending. */
  script: string;
  /** Variables of the script; upper-case names; no secrets. */
  params: Record<string, string>;
  presign: Record<string, Presign>;
  /** Public keys of nodes that the workflow has recorded, by instance: URLs are sealed to them. A node that is not here is asked for its key. */
  keys?: Record<string, string>;
  timeoutSeconds: number;
  /** Jobs of one lock run one after the other on a node; by default the script's own: `node` for what changes the node. */
  lock?: string;
}

export interface JobResult {
  instanceId: string;
  outcome: 'done' | 'failed' | 'timed-out' | 'interrupted' | 'undelivered';
  exitCode: number | null;
  /** `key=value` lines that the script wrote to its result file. */
  result: Record<string, string>;
  /** Last lines of the job's log, secrets masked. */
  logTail: string;
  /** Commands that SSM has lost and that were sent again, in words. */
  notes?: string[];
  /** Its public key, where it was asked for. */
  key?: string;
}

export interface ObserveInput extends Scope {
  /** Ids of instances that have slots: asked for by id where the tags do not show them. */
  known: string[];
  /** Ask for status checks and agents, too. */
  checks?: boolean;
}

/** What AWS says of a cluster's instances, as far as it could be asked. */
export interface ObservedInstances {
  instances: InstanceView[];
  /** Known ids that EC2 shows in none of several answers, not even as terminated. */
  unlisted: string[];
  /** What was asked for besides the instances and could not be seen. */
  failures: { subject: 'checks' | 'agents'; error: ErrorDetail }[];
  /** Instances that carry the cluster's tags and are not the cluster's. */
  foreign: ForeignInstance[];
}

export interface TagInput extends Scope {
  instanceId: string;
  slot: string;
  generation: number;
  /** The document's own tags; Keelson's are added. */
  tags: Record<string, string>;
}

export interface StatusInput extends Scope {
  /** Written to `clusters/<name>/status.yaml`. */
  status: unknown;
}

/** Goes with the calls of a region's watch. */
export interface RegionScope {
  region: string;
  /** Role to assume in the account that is watched; absent in the worker's own. */
  account?: AccountRole;
  operation: string;
  traceId: string;
}

export interface WatchInput extends RegionScope {
  /** What was last seen of each cluster, packed; null at the very beginning. */
  pictures: string | null;
  /** What the clusters were told last that the watch cannot see, see `failuresKey`; empty for nothing, null when that is not known. */
  told: string | null;
  /** The workflow waits to hear that the watch observes again: it is told after the first round. */
  announce?: boolean;
}
export interface UnobservedInput extends RegionScope {
  report: WatchReport;
}
export interface WatchResult {
  /** `empty`: no cluster of the region is left. */
  ended: 'time' | 'empty';
  pictures: string;
  told: string | null;
}

export interface BackupInput extends Scope {
  /** Server that saves it. */
  instanceId: string;
  jobId: string;
  timeoutSeconds: number;
  /** See model/backup/keys. */
  id: string;
  /** When it was begun, ISO 8601. */
  at: string;
  /** Written to the cluster before the snapshot. */
  marker: string;
  /** How many others stay. */
  keep: Keep;
  /** Generations used so far, by slot. */
  generations: Record<string, number>;
  /** As in RunOnNodesInput. */
  keys?: Record<string, string>;
  document: ClusterDocument;
}
export interface BackupResult {
  /** How the node's job ended when it did not go well. */
  job: JobResult | null;
  saved: { size: number; node: string; removed: string[] } | null;
  /** Public key that the node has reported, where it was not known. */
  key?: string;
}

export interface FindBackupInput extends Scope {
  /** Null for the newest. */
  id: string | null;
  /** Cluster whose backup it is; null for the scope's own. */
  source: BackupSource | null;
}

/** Backups of one life of a name; its cluster is gone. */
export interface RemoveBackupsInput extends RegionScope {
  cluster: string;
  uid: string;
}

export interface ForgetInput extends Scope {
  /** Keys below `clusters/<name>/`, deleted in this order. */
  keys: string[];
  /** When the delete began, ISO 8601. */
  startedAt: string;
}

export interface StoreFilesInput extends Scope {
  /** What nodes get, by group. */
  groups: Record<string, NodeFiles>;
  /** Groups whose bundles stay; those of other groups are deleted. */
  keep: string[];
}

export interface Activities {
  resolvePlacement(input: ResolvePlacementInput): Promise<ResolvedPlacement>;
  /** Makes the groups that are not there; opens what is missing, then closes what is too much. */
  ensureSecurityGroups(input: SecurityGroupsInput): Promise<SecurityGroupsResult>;
  /** One that is gone is left out. */
  observeSecurityGroups(input: ObserveGroupsInput): Promise<ObservedGroup[]>;
  /** Looks up by tags, then RunInstances with a ClientToken over the whole request. */
  launchInstance(input: LaunchInput): Promise<InstanceView>;
  awaitInstance(input: AwaitInstanceInput): Promise<InstanceView>;
  /** Claims the name and looks for what an earlier life has left, before a new workflow makes anything. */
  claimCluster(input: ClaimInput): Promise<Claim>;
  /** What is left of the scope's life of the name. */
  findCluster(input: Scope): Promise<FoundCluster | null>;
  /** Every instance that carries the cluster's tags, and those that are known without; terminated ones left out. Fails when they cannot be listed. */
  observeInstances(input: ObserveInput): Promise<ObservedInstances>;
  startInstances(input: InstancesInput): Promise<void>;
  stopInstances(input: StopInput): Promise<void>;
  rebootInstances(input: InstancesInput): Promise<void>;
  modifyInstanceType(input: ModifyTypeInput): Promise<void>;
  /** Puts the instance into these security groups and no others. */
  setInstanceGroups(input: InstanceGroupsInput): Promise<void>;
  /** Sets the tags again that the instance was launched with. */
  tagInstance(input: TagInput): Promise<void>;
  /** A snapshot of the root volume, or the volume itself, outlives the instance; null where it has none. Ends when that is sure. */
  saveRootVolume(input: SaveVolumeInput): Promise<SavedVolume | null>;
  /** Every data volume with `keep` of the cluster. */
  findDataVolumes(input: Scope): Promise<FoundDataVolume[]>;
  /** Finds or makes the data volumes of an instance and attaches them. Ends when all are attached. */
  provideDataVolumes(input: ProvideVolumesInput): Promise<ProvidedVolume[]>;
  /** Terminates and waits until all are terminated. */
  terminateInstances(input: InstancesInput): Promise<void>;
  /** Deletes by tag what is left of the cluster: instances, volumes, security groups; returns what it found, empty when nothing. Ends only when nothing is left. */
  sweep(input: Scope): Promise<SweepResult>;
  /** One result per instance, also for scripts that failed: the workflow decides what that means. */
  runOnNodes(input: RunOnNodesInput): Promise<JobResult[]>;
  writeStatus(input: StatusInput): Promise<void>;
  /** Puts bundles of files for nodes into the bucket. @returns the SHA-256 of each, by group */
  storeFiles(input: StoreFilesInput): Promise<Record<string, string>>;
  /** Sees to it that the watch of the scope's region runs. */
  ensureWatch(input: Scope): Promise<void>;
  /** Tells clusters of the region whose instances, agents or servers look otherwise than before. Takes an hour. */
  watchRegion(input: WatchInput): Promise<WatchResult>;
  /** Tells all open clusters of the region that the watch does not observe them. */
  tellUnobserved(input: UnobservedInput): Promise<void>;
  /** Deletes bucket keys; returns those that are left (none). */
  /** A snapshot of etcd in the bucket, with all that it takes to restore it; and those that are no longer kept are deleted. */
  findBackup(input: FindBackupInput): Promise<RestoredBackup>;
  saveBackup(input: BackupInput): Promise<BackupResult>;
  removeBackups(input: RemoveBackupsInput): Promise<{ removed: number }>;
  forget(input: ForgetInput): Promise<{ left: string[] }>;
}
