import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AccountRole } from '../../model/account-role.js';
import type { Plan } from '../../model/plan/index.js';
import { REQUESTS, type RequestName } from '../../model/requests/decide.js';
import type { RestoreFrom } from '../../model/restore/state.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { ClusterEvent } from '../../model/state.js';
import type { StatusView } from '../../model/status.js';
import type { Leftovers } from './context.js';

/** Sender of a request. The CLI sends the user's name; people who signal by hand leave it out. */
export interface Requester {
  requestedBy?: string;
  /** Id that the sender makes, the same for a repetition: the workflow ignores the second one. */
  requestId?: string;
}
export interface ResizeRequest extends Requester {
  instanceType: string;
  /** Name of a pool; absent for the servers. */
  pool?: string;
}
export interface DeleteRequest extends Requester {
  /** Name of the cluster: without this confirmation nothing is deleted. */
  confirm: string;
}
export interface ApplyRequest extends Requester {
  /** The cluster document as JSON. */
  document: unknown;
  /** Id of the plan that the person has seen; the workflow refuses the document when its plan is another one now. */
  planId?: string;
  /** Uid that a newly started workflow takes over although another workflow owns it. */
  adopt?: string;
  /** Backup from which a newly started workflow makes its cluster. */
  restoreFrom?: RestoreFrom;
  /** Version of the object in the bucket that holds the document: the workflow applies each version once. */
  configVersion?: string;
}

/** Answer to an update. */
export interface Accepted {
  /** Id of the operation that will carry out the request; null when there is nothing to do. */
  operationId: string | null;
  message: string;
  plan: Plan & { id: string };
  /** Identifies the first status that reflects the request: an earlier one, or one of another cluster of the same name, does not. */
  heard: { traceId: string; specGeneration: number };
}

export const signals = Object.fromEntries(REQUESTS.map((name) => [name, defineSignal<[unknown]>(name)])) as Record<
  RequestName,
  ReturnType<typeof defineSignal<[unknown]>>
>;
export const updates = Object.fromEntries(
  REQUESTS.map((name) => [name, defineUpdate<Accepted, [unknown]>(name)]),
) as Record<RequestName, ReturnType<typeof defineUpdate<Accepted, [unknown]>>>;

/** Sent by the region watch, with a `regionReport`, when its snapshot of the cluster has changed; people leave the report out. */
export const reconcileSignal = defineSignal<[unknown]>('reconcile');
/** Sent by a cluster to the watch of its region, with its role if the cluster is in another account. */
export const wantedSignal = defineSignal<[] | [AccountRole]>('wanted');
/** Sent by the watch's activity to its workflow, when that waits for it: since when it observes again. */
export const observingSignal = defineSignal<[unknown]>('observing');
/** Deletes the backups of a deleted cluster at once. */
export const deleteBackupsSignal = defineSignal('deleteNow');
/** Sent by a drill to its cluster at its end. */
export const drilledSignal = defineSignal<[unknown]>('drilled');
/** Says why the document in the bucket is not in force, or null. */
export const configSignal = defineSignal<[unknown]>('config');

export const statusQuery = defineQuery<StatusView>('status');
export const planQuery = defineQuery<Plan & { id: string }, [unknown]>('plan');
export const documentQuery = defineQuery<ClusterDocument>('document');
export const eventsQuery = defineQuery<ClusterEvent[]>('events');

/** Result of a `cluster` workflow: the proof that nothing remains. */
export interface DeletionProof {
  cluster: string;
  uid: string;
  deletedAt: string;
  terminated: string[];
  /** Resources that the sweep found by tag, beyond the known instances, and deleted. */
  swept: string[];
  /** Volumes and snapshots of nodes that were replaced, deleted with the cluster. */
  kept: string[];
  /** Time until which Keelson keeps the backups, ISO 8601; null if there are none. */
  backupsUntil: string | null;
  /** Result of the last check: empty lists. */
  remaining: Leftovers | null;
}
