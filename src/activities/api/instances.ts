/** Instances: launched, observed, stopped, started, tagged, terminated. */
import type { LaunchBatch } from '../../model/launch-batch.js';
import type { InstanceObservation } from '../../model/observation.js';
import type { LaunchRequest } from '../../model/state.js';
import type { ForeignInstance } from '../../model/trust/identity.js';
import type { CallContext, ErrorDetail } from './call.js';

export interface LaunchInput extends CallContext {
  slot: string;
  generation: number;
  nodeName: string;
  launch: LaunchRequest;
  userData: string;
  /** The document's own tags; Keelson's are added. */
  tags: Record<string, string>;
  /** Begin of the operation that waits for it, ISO 8601: of many, the one that waits longest goes first. */
  since?: string;
}

/** A launch of several slots by one call; their generation is the same. */
export interface LaunchBatchInput extends Omit<LaunchInput, 'slot' | 'nodeName'> {
  batch: LaunchBatch;
  /** It was asked for before, and no answer came: the instances may exist. */
  repeated?: boolean;
}

export interface AwaitInstanceInput extends CallContext {
  instanceId: string;
  /** `agent-online` means that the instance runs and its SSM agent is Online. */
  until: 'running' | 'agent-online' | 'stopped' | 'terminated';
  /** With `agent-online`: how long the agent of a running instance may take to register. Without it only the time-out ends the wait. */
  registrationSeconds?: number;
}

export interface InstancesInput extends CallContext {
  instanceIds: string[];
  /** Begin of the operation that waits for it, ISO 8601: who waits longer goes first where calls take turns. */
  since?: string;
}

export interface StopInput extends InstancesInput {
  /** Cut the power if the operating system does not shut down. */
  force?: boolean;
}

export interface ModifyTypeInput extends CallContext {
  instanceId: string;
  instanceType: string;
}

export interface ObserveInput extends CallContext {
  /** Ids of instances that have slots: asked for by id if the tags do not show them. */
  known: string[];
  /** Ask for status checks and agents, too. */
  checks?: boolean;
}

/** AWS's answer about a cluster's instances, as far as it came. */
export interface ObservedInstances {
  instances: InstanceObservation[];
  /** Known ids that EC2 shows in none of several answers, not even as terminated. */
  unlisted: string[];
  /** What the observation could not see besides the instances. */
  failures: { subject: 'checks' | 'agents'; error: ErrorDetail }[];
  /** Instances that carry the cluster's tags and do not belong to the cluster. */
  foreign: ForeignInstance[];
}

export interface TagInput extends CallContext {
  instanceId: string;
  slot: string;
  generation: number;
  /** The document's own tags; Keelson's are added. */
  tags: Record<string, string>;
}

export interface TagBatchInput extends CallContext {
  instances: { instanceId: string; slot: string; generation: number }[];
  /** The document's own tags; Keelson's are added. */
  tags: Record<string, string>;
}

export interface SweepInput extends CallContext {
  /** Only what a drill has made; without it all of the cluster's resources. */
  only?: 'drill';
}

export interface SweepResult {
  instances: string[];
  volumes: string[];
  /** Of nodes that were replaced. */
  snapshots: string[];
  securityGroups: string[];
}
