import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  log,
  TimeoutFailure,
  uuid4,
} from '@temporalio/workflow';
import type { ErrorDetail, Scope } from '../activities/api.js';
import { holdOf } from '../model/breaker.js';
import {
  type ClusterEvent,
  type ClusterState,
  ERROR_CLASSES,
  type ErrorClass,
  type ErrorRecord,
  type Slot,
} from '../model/state.js';
import type { Loss } from '../model/watch/sight.js';
import { eventHappened } from './metrics.js';
import { currentSpanId } from './spans.js';

const EVENTS_KEPT = 100;

/** What handlers, loop and steps of one cluster share. Only `state` survives continue-as-new. */
export interface Cluster {
  state: ClusterState;
  /** Grows with every message; who waits compares it. */
  wakes: number;
  /** Temporal's cancel has come in this history. */
  cancelHeard: boolean;
  /** Cancels the operation under way; set while one runs. */
  abort: (() => void) | null;
  /**
   * Ends waits at the next safe point, but the waits for the agents of the slots named: they end with what EC2 says of their instances; set
   * while an operation runs.
   */
  interrupt: ((keep?: ReadonlySet<string>) => void) | null;
  /** Grows with every request that closes the breakers: a failure of a round that was begun before one does not count. */
  lifted: number;
  /** What the round under way has lost of what it counts on, although no step may fail of it. */
  loss: Loss | null;
  /**
   * Shows the state to people: details, search attributes, status.yaml; what is no more than a `glance` is not worth a write of its own, and
   * `unwritten` is what the write itself has to tell.
   */
  present: (how?: 'glance' | 'unwritten') => void;
  /** Resolves when no write of status.yaml is under way or due. */
  settleStatus: () => Promise<void>;
  /** Ends the writing of status.yaml. */
  closeStatus: () => Promise<void>;
  /** Why the workflow must not look after the cluster: it ends. */
  refused: ErrorDetail | null;
  /** A step has learnt what makes the rest of the plan obsolete. */
  replan: boolean;
  /** The nodes were seen since the last change of one; not carried: after continue-as-new someone looks again. */
  fresh: boolean;
  /** Since when every look has found the quorum gate open; null after a change of a node. Not carried, as `fresh`. */
  gateOpenSince: string | null;
  /** The watch of the region was seen to in this history. */
  watched: boolean;
  /** What the sweep of a delete found beyond the known instances. */
  swept: string[];
  /** What a delete's last look found; the proof that nothing is left. */
  left: Leftovers | null;
  /** Until when a delete leaves the backups, ISO 8601; null where there are none. */
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

/** Whether no step runs, nor is about to: nodes may be asked how they are. */
export const isAtRest = ({ abort, state }: Cluster): boolean =>
  abort === null && (state.operation === null || holdOf(state.breakers, now())?.open === true);

/** Short random id; deterministic in replay, since the SDK's uuid4 is. */
export const shortId = (): string => uuid4().slice(0, 8);

export function scopeOf(cluster: Cluster): Scope {
  const { state } = cluster;
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
  };
}

/** The slot of a step; a step that names a slot the state lacks is a defect of the plan. */
export function slotOf(cluster: Cluster, name: string | null): Slot {
  const slot = name === null ? undefined : cluster.state.slots[name];
  if (slot === undefined)
    throw failure('unknown', 'SlotMissing', `no slot ${name ?? '(none)'} in the state`, 'report this as a defect');
  return slot;
}

/** `, step 4/15`: where the step that runs on the slot stands in its operation, for summaries. */
export function stepLabel(cluster: Cluster, slot: string): string {
  const { operation } = cluster.state;
  const index = operation?.steps.findLastIndex((step) => step.slot === slot && step.outcome === 'running') ?? -1;
  return operation === null || index < 0 ? '' : `, step ${index + 1}/${operation.stepsTotal}`;
}

/** Adds to the bounded ring of events and to the log. */
export function emit(cluster: Cluster, type: ClusterEvent['type'], reason: string, message: string): void {
  const operation = cluster.state.operation?.id ?? null;
  cluster.state.events = [...cluster.state.events, { at: now(), type, reason, message, operation }].slice(-EVENTS_KEPT);
  eventHappened(type, reason, cluster.state.document.spec.region);
  const fields = { cluster: cluster.state.document.metadata.name, operation, traceId: cluster.state.traceId, reason };
  if (type === 'Warning') log.warn(message, fields);
  else log.info(message, fields);
}

/** A failure of a step found by the workflow itself, in the shape that activities use. */
export function failure(type: ErrorRecord['class'], code: string, message: string, advice: string): ApplicationFailure {
  const detail: ErrorDetail = { code, class: type, message, advice };
  return ApplicationFailure.create({ type, message, details: [detail], nonRetryable: true });
}

/** What a step's failure says to people and to the breaker, whatever wrapped it. */
export function errorRecordOf(
  error: unknown,
  step: { id: string; slot: string | null },
  operation: string | null,
  attempt: number,
): ErrorRecord {
  const where = { at: now(), operation, step: step.id, slot: step.slot, attempt };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  // Of an activity that was tried until its time was up the last failure tells more than the time-out.
  const detail = detailOf(error) ?? (cause instanceof TimeoutFailure ? detailOf(cause.cause) : null);
  if (detail !== null)
    return { ...where, code: detail.code, class: detail.class, message: detail.message, advice: detail.advice };
  if (cause instanceof TimeoutFailure) {
    return {
      ...where,
      code: 'ActivityTimedOut',
      class: 'transient',
      message: `${step.id}: no result in time (${cause.message})`,
      advice: 'see that a worker runs and reaches AWS; it is tried again',
    };
  }
  if (cause instanceof ApplicationFailure) {
    const known = ERROR_CLASSES.find((one) => one === cause.type) ?? 'unknown';
    return {
      ...where,
      code: cause.type ?? 'Unknown',
      class: known,
      message: cause.message,
      advice: 'see the worker log for the operation id',
    };
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return { ...where, code: 'Unknown', class: 'unknown', message, advice: 'see the worker log for the operation id' };
}

/** What an activity or a step said about its failure, or null. */
export function detailOf(error: unknown): ErrorDetail | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? ((cause.details?.[0] as ErrorDetail | undefined) ?? null) : null;
}

/** The error class that an activity or a step gave its failure, or null. */
export function classOf(error: unknown): ErrorClass | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (ERROR_CLASSES.find((one) => one === cause.type) ?? null) : null;
}

/** Whether an activity gave no answer in time. */
export const isTimeout = (error: unknown): boolean =>
  error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;

/** Whether the error says that someone cancelled, wrapped or not. */
export function isCancelled(error: unknown): boolean {
  return (
    error instanceof CancelledFailure || (error instanceof ActivityFailure && error.cause instanceof CancelledFailure)
  );
}
