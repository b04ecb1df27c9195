/**
 * The activities as the workflow sees them: types only, so that nothing of Node or AWS reaches workflow code.
 *
 * Failures are `ApplicationFailure`s: `type` is the error class of decision 12, `details[0]` an `ErrorDetail`,
 * `nonRetryable` is set for capacity, quota, auth, invalid and node-script. Cancellation is rethrown unwrapped.
 */
import type { InstanceObservation } from '../model/observation.js';
import type { BackupInput, BackupResult, FindBackupInput, FoundBackup, RemoveBackupsInput } from './api/backups.js';
import type { ForgetInput, StatusInput, StoreFilesInput } from './api/bucket.js';
import type { CallContext } from './api/call.js';
import type { Claim, ClaimInput, FoundCluster } from './api/claim.js';
import type {
  AwaitInstanceInput,
  InstancesInput,
  LaunchBatchInput,
  LaunchInput,
  ModifyTypeInput,
  ObservedInstances,
  ObserveInput,
  StopInput,
  SweepInput,
  SweepResult,
  TagBatchInput,
  TagInput,
} from './api/instances.js';
import type { JobResult, RunOnNodesInput } from './api/node-jobs.js';
import type { PreflightInput, PreflightResult } from './api/preflight.js';
import type { UnobservedInput, WatchInput, WatchResult } from './api/region-watch.js';
import type {
  DrillGroupInput,
  InstanceGroupsInput,
  ObservedGroup,
  ObserveGroupsInput,
  SecurityGroupsInput,
  SecurityGroupsResult,
} from './api/security-groups.js';
import type {
  FoundDataVolume,
  ProvidedVolume,
  ProvideVolumesInput,
  SavedVolume,
  SaveVolumeInput,
  ServerDisk,
} from './api/volumes.js';

export type * from './api/backups.js';
export type * from './api/bucket.js';
export type * from './api/call.js';
export type * from './api/claim.js';
export type * from './api/instances.js';
export type * from './api/node-jobs.js';
export type * from './api/preflight.js';
export type * from './api/region-watch.js';
export type * from './api/security-groups.js';
export type * from './api/volumes.js';

export interface Activities {
  resolveLaunchConfig(input: PreflightInput): Promise<PreflightResult>;
  /** Makes the groups that are not there; opens what is missing, then closes what is too much. */
  ensureSecurityGroups(input: SecurityGroupsInput): Promise<SecurityGroupsResult>;
  /** One that is gone is left out. */
  observeSecurityGroups(input: ObserveGroupsInput): Promise<ObservedGroup[]>;
  /** Looks up by tags, then RunInstances with a ClientToken over the whole request. */
  launchInstance(input: LaunchInput): Promise<InstanceObservation>;
  /**
   * Looks up by ClientToken, then RunInstances for all of them or none.
   *
   * @returns one for each slot of the batch, in their order; null where the instance has ended
   */
  launchInstances(input: LaunchBatchInput): Promise<(InstanceObservation | null)[]>;
  awaitInstance(input: AwaitInstanceInput): Promise<InstanceObservation>;
  /** Claims the name and looks for what an earlier life has left, before a new workflow makes anything. */
  claimCluster(input: ClaimInput): Promise<Claim>;
  /** Returns what is left of the scope's life of the name. */
  findCluster(input: CallContext): Promise<FoundCluster | null>;
  /** Returns every instance that carries the cluster's tags, and those that are known without; terminated ones left out. Fails when they cannot be listed. */
  observeInstances(input: ObserveInput): Promise<ObservedInstances>;
  startInstances(input: InstancesInput): Promise<void>;
  stopInstances(input: StopInput): Promise<void>;
  rebootInstances(input: InstancesInput): Promise<void>;
  modifyInstanceType(input: ModifyTypeInput): Promise<void>;
  /** Puts the instance into these security groups and no others. */
  setInstanceGroups(input: InstanceGroupsInput): Promise<'set' | 'gone'>;
  /** Sets the tags again that the instance was launched with. */
  tagInstance(input: TagInput): Promise<void>;
  /** Gives instances that were launched together, and their volumes, the tags of their slots. */
  tagInstances(input: TagBatchInput): Promise<void>;
  /** Returns a snapshot of the root volume, or the volume itself, outlives the instance; null where it has none. Ends when that is sure. */
  saveRootVolume(input: SaveVolumeInput): Promise<SavedVolume | null>;
  /** Returns every data volume with `keep` of the cluster. */
  findDataVolumes(input: CallContext): Promise<FoundDataVolume[]>;
  /** Instances and volumes of the cluster's servers that are not gone, with those of the ids named, whatever their tags say. */
  findServerDisks(input: InstancesInput): Promise<ServerDisk[]>;
  /** Finds or makes the data volumes of an instance and attaches them. Ends when all are attached. */
  provideDataVolumes(input: ProvideVolumesInput): Promise<ProvidedVolume[]>;
  /** Terminates and waits until all are terminated. */
  terminateInstances(input: InstancesInput): Promise<void>;
  /** Deletes by tag what is left of the cluster: instances, volumes, security groups; returns what it found, empty when nothing. Ends only when nothing is left. */
  sweep(input: SweepInput): Promise<SweepResult>;
  /** Makes the group of a drill's machine, which lets nothing in. @returns its id */
  ensureDrillGroup(input: DrillGroupInput): Promise<string>;
  /** Returns one result per instance, also for scripts that failed: the workflow decides what that means. */
  runOnNodes(input: RunOnNodesInput): Promise<JobResult[]>;
  writeStatus(input: StatusInput): Promise<void>;
  /** Puts bundles of files for nodes into the bucket. @returns the SHA-256 of each, by group */
  storeFiles(input: StoreFilesInput): Promise<Record<string, string>>;
  /** Sees to it that the watch of the scope's region runs. */
  ensureWatch(input: CallContext): Promise<void>;
  /** Notifies clusters of the region whose instances, agents or servers have changed. Takes an hour. */
  watchRegion(input: WatchInput): Promise<WatchResult>;
  /** Notifies all open clusters of the region that the watch does not observe them. */
  tellUnobserved(input: UnobservedInput): Promise<void>;
  /** Returns the manifest of a backup; fails when the bucket does not have it. */
  findBackup(input: FindBackupInput): Promise<FoundBackup>;
  /** Returns a snapshot of etcd in the bucket, with all that it takes to restore it; and those that are no longer kept are deleted. */
  saveBackup(input: BackupInput): Promise<BackupResult>;
  /** Deletes the backups of a cluster that is gone. */
  removeBackups(input: RemoveBackupsInput): Promise<{ removed: number }>;
  /** Deletes bucket keys; returns those that are left (none). */
  forget(input: ForgetInput): Promise<{ remaining: string[] }>;
}
