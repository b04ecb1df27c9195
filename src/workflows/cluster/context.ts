import { log, uuid4 } from '@temporalio/workflow';
import type { CallContext, ErrorDetail, TagBatchInput } from '../../activities/api.js';
import { holdOf } from '../../model/breaker.js';
import type { LaunchBatch } from '../../model/launch-batch.js';
import type { InstanceObservation } from '../../model/observation.js';
import type { ClusterEvent, ClusterState, LaunchRequest, Slot } from '../../model/state.js';
import type { StatusView } from '../../model/status.js';
import type { Loss } from '../../model/watch/region-report.js';
import { failure } from '../lib/errors.js';
import { eventHappened } from './operation/metrics.js';
import { currentSpanId } from './operation/spans.js';

const EVENTS_KEPT = 100;

/**
 * What handlers, loop and steps of one cluster share, grouped by what it is about. Only `state` survives continue-as-new: the other parts
 * belong to one history.
 */
export interface Cluster {
  readonly state: ClusterState;
  readonly inbox: Inbox;
  readonly control: OperationControl;
  readonly status: StatusPublisher;
  readonly observations: Observations;
  readonly deletion: DeletionReport;
}

/** What has reached the workflow in this history. */
export interface Inbox {
  /** Grows with every message; a wait compares it with what it was at its start. */
  revision: number;
  /** Temporal's cancel has come: this history hears no second one. */
  cancelRequested: boolean;
  /** Grows with every request that closes the breakers: a failure of a round that began before such a request does not count. */
  breakerResets: number;
}

/** What others can do to the operation under way, and what they have done. */
export interface OperationControl {
  /** Launches that have begun together, by slot. */
  readonly launching: Map<string, LaunchesTogether>;
  /** Calls under way that launch several, and the slots whose steps wait for them. */
  readonly batchCalls: Map<string, { waiting: Set<string>; views: Promise<(InstanceObservation | null)[]> }>;
  /** Cancels the operation; set while one runs. */
  cancel: (() => void) | null;
  /**
   * Ends waits at the next safe point, but the waits for the agents of the slots named: those end with what EC2 says of their instances. Set
   * while an operation runs.
   */
  interruptWaits: ((keep?: ReadonlySet<string>) => void) | null;
  /** Settles when a bootstrap has failed that joins wait behind; null while none does. */
  bootstrapFailed: Promise<void> | null;
  /** A step has learnt what makes the rest of the plan obsolete. */
  replanRequested: boolean;
  /** The history is about to be continued in a new one: steps that were cancelled go on there. */
  leaving: boolean;
  /** An instance that the operation started and lost, although no step may fail of it. */
  loss: Loss | null;
  /** Why the workflow must not manage the cluster: it ends. */
  refused: ErrorDetail | null;
}

/** What a launch has brought its slot. */
export interface Launched {
  view: InstanceObservation;
  /** Instances launched by the same call, for the one slot that sees to their tags; else empty. */
  toTag: TagBatchInput['instances'];
}

/** Launches that have begun together, and may share calls. */
export interface LaunchesTogether {
  /**
   * Launches an instance for the slot.
   *
   * @param fresh the request was never sent, so that it may be sent with others
   */
  launch(slot: Slot, request: LaunchRequest, fresh: boolean): Promise<Launched>;
  /** The slot's step has ended: no one waits for it. */
  leave(slot: string): void;
  /** Makes the next calls half as large as one that was refused. @returns whether they are smaller then */
  halve(batch: LaunchBatch): boolean;
}

/** How a change reaches status.yaml; details, query and search attributes follow each change at once. */
export type StatusWrite =
  /** A write of its own. */
  | 'write'
  /** Part of the write that is due, if one is; else of the next. */
  | 'with-next-write'
  /** As that, of a step that begins: no condition depends on it. */
  | 'step-begins'
  /** Not at all: the change is about the write itself. */
  | 'without-write';

/** Shows the state to people: details, search attributes, status.yaml. */
export interface StatusPublisher {
  /** @param how `write` by default */
  publish(how?: StatusWrite): void;
  /** What a reader sees now. */
  view(): StatusView;
  /** Resolves when no write of status.yaml is under way or due. */
  flush(): Promise<void>;
  /** Ends the writing of status.yaml: its key is about to be deleted. Resolves when no write is under way. */
  close(): Promise<void>;
}

/** What this history has observed. After continue-as-new the cluster observes again. */
export interface Observations {
  /** Nothing has changed a node since the nodes were last observed. */
  areCurrent: boolean;
  /** Observations in a row that a message has ended before their end: what the last of them has seen is half of the truth. */
  cutShort: number;
  /** Since when every observation has found the quorum gate open, ISO 8601; null after a change of a node. */
  gateOpenSince: string | null;
  /** Which server the gate has let go last, until a call takes it down, and when it saw what has opened it, in milliseconds since 1970. */
  passed: { slot: string; seenAt: number } | null;
  /** The workflow has asked for the watch of the region. */
  watchEnsured: boolean;
}

/** What a delete has found so far: the parts of its proof. */
export interface DeletionReport {
  /** Ids that the sweep has found by tag beyond the known instances. */
  swept: string[];
  /** What the last check has found; null before it. */
  remaining: Leftovers | null;
  /** Until when the delete keeps the backups, ISO 8601; null where there are none. */
  backupsUntil: string | null;
}

export interface Leftovers {
  instances: string[];
  volumes: string[];
  /** Of nodes that were replaced. */
  snapshots: string[];
  securityGroups: string[];
  bucketKeys: string[];
}

export const now = (): string => new Date().toISOString();

/** Returns whether no step runs, nor is about to: the cluster may ask its nodes how they are. */
export const isBetweenSteps = ({ control, state }: Cluster): boolean =>
  control.cancel === null && (state.operation === null || state.paused || holdOf(state.breakers, now())?.open === true);

/** Short random id; deterministic in replay, since the SDK's uuid4 is. */
export const shortId = (): string => uuid4().slice(0, 8);

/** Returns whether the operation under way brings back what has run. */
const isUrgent = ({ operation, initializedAt }: ClusterState): boolean =>
  initializedAt !== null && (operation?.kind === 'repair' || operation?.kind === 'restore');

/** Returns what every activity has to know of the cluster that it works for. */
export function callContext({ state }: Pick<Cluster, 'state'>): CallContext {
  const span = currentSpanId(state);
  return {
    region: state.document.spec.region,
    ...(state.document.spec.account !== undefined && { account: state.document.spec.account }),
    cluster: state.document.metadata.name,
    uid: state.uid,
    ...(state.claim !== null && { claim: state.claim }),
    operation: state.operation?.id ?? 'none',
    traceId: state.operation?.traceId ?? state.traceId,
    ...(span !== null && { span }),
    ...(isUrgent(state) && { urgent: true }),
    ...(state.amongMany === true && state.operation?.kind === 'create' && { amongMany: true }),
  };
}

/** Returns since when an operation waits for what takes turns. Of a thousand workflows that are started together chance decides which a worker comes to first. */
export const waitingSince = ({ state: { operation, createdAt } }: Pick<Cluster, 'state'>): { since?: string } =>
  operation === null ? {} : { since: operation.kind === 'create' ? createdAt : operation.startedAt };

/** Returns the slot of a step; a step that names a slot the state lacks is a defect of the plan. */
export function slotOf(cluster: Cluster, name: string | null): Slot {
  const slot = name === null ? undefined : cluster.state.slots[name];
  if (slot === undefined)
    throw failure('unknown', 'SlotMissing', `no slot ${name ?? '(none)'} in the state`, 'report this as a defect');
  return slot;
}

/** Returns `, step 4/15`, the position of the slot's running step in its operation, for summaries. */
export function stepLabel(cluster: Cluster, slot: string): string {
  const { operation } = cluster.state;
  const index = operation?.steps.findLastIndex((step) => step.slot === slot && step.outcome === 'running') ?? -1;
  return operation === null || index < 0 ? '' : `, step ${index + 1}/${operation.stepsTotal}`;
}

/** Adds to the bounded ring of events and to the log. */
export function emit(
  { state }: Pick<Cluster, 'state'>,
  type: ClusterEvent['type'],
  reason: string,
  message: string,
): void {
  const operation = state.operation?.id ?? null;
  state.events = [...state.events, { at: now(), type, reason, message, operation }].slice(-EVENTS_KEPT);
  eventHappened(type, reason, state.document.spec.region);
  const fields = { cluster: state.document.metadata.name, operation, traceId: state.traceId, reason };
  if (type === 'Warning') log.warn(message, fields);
  else log.info(message, fields);
}
