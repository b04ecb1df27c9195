import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AccountRole } from '../model/account-role.js';
import type { Plan } from '../model/plan/index.js';
import { REQUESTS, type RequestName } from '../model/requests/decide.js';
import type { RestoreFrom } from '../model/restore/state.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import type { ClusterEvent } from '../model/state.js';
import type { StatusView } from '../model/status.js';
import type { Leftovers } from './cluster-context.js';

/** Who asks; the CLI sends the user's name, people who signal by hand leave it out. */
export interface Requester {
  requestedBy?: string;
  /** Made by the sender, the same for a request that it sends again: the second one changes nothing. */
  requestId?: string;
}
export interface ResizeRequest extends Requester {
  instanceType: string;
  /** A pool's name; the servers if absent. */
  pool?: string;
}
export interface DeleteRequest extends Requester {
  /** The cluster's name: the second word, without which nothing is deleted. */
  confirm: string;
}
export interface ApplyRequest extends Requester {
  /** The cluster document as JSON. */
  document: unknown;
  /** Apply just the plan that was shown; refused when the plan would now be another. */
  planId?: string;
  /** Uid that a workflow which this request starts takes over although another one owns it. */
  adopt?: string;
  /** Backup that a workflow which this request starts makes its cluster from. */
  restoreFrom?: RestoreFrom;
  /** Of the object in the bucket that the document is from: the same one is applied once. */
  configVersion?: string;
}

/** Answer to an update. */
export interface Accepted {
  /** Operation that will carry the wish out; null when nothing is to be done. */
  operationId: string | null;
  message: string;
  plan: Plan & { id: string };
  /** Of the status that has heard the request: an earlier one, or one of another life of the name, says nothing about it. */
  heard: { traceId: string; specGeneration: number };
}

export const signals = Object.fromEntries(REQUESTS.map((name) => [name, defineSignal<[unknown]>(name)])) as Record<
  RequestName,
  ReturnType<typeof defineSignal<[unknown]>>
>;
export const updates = Object.fromEntries(
  REQUESTS.map((name) => [name, defineUpdate<Accepted, [unknown]>(name)]),
) as Record<RequestName, ReturnType<typeof defineUpdate<Accepted, [unknown]>>>;

/** What the region watch sends when its picture of the cluster has changed, with the `sight`; people leave that out. */
export const lookSignal = defineSignal<[unknown]>('look');
/** What a cluster sends to the watch of its region, with its role where it is in another account. */
export const wantedSignal = defineSignal<[] | [AccountRole]>('wanted');
/** What the watch's activity sends to its workflow when that waits for it: since when it observes again. */
export const observingSignal = defineSignal<[unknown]>('observing');
/** What deletes the backups of a deleted cluster at once. */
export const deleteBackupsSignal = defineSignal('deleteNow');
/** Why the document in the bucket is not in force, or null. */
export const configSignal = defineSignal<[unknown]>('config');

export const statusQuery = defineQuery<StatusView>('status');
export const planQuery = defineQuery<Plan & { id: string }, [unknown]>('plan');
export const documentQuery = defineQuery<ClusterDocument>('document');
export const eventsQuery = defineQuery<ClusterEvent[]>('events');

/** Result of a `cluster` workflow: the proof that nothing is left. */
export interface DeletionProof {
  cluster: string;
  uid: string;
  deletedAt: string;
  terminated: string[];
  /** Found by tag beyond the known instances, and deleted. */
  swept: string[];
  /** Volumes and snapshots of nodes that were replaced, deleted with the cluster. */
  kept: string[];
  /** Until when its backups stay, ISO 8601; null where Keelson knows of none. */
  backupsUntil: string | null;
  /** What the last look found: empty lists. */
  left: Leftovers | null;
}
