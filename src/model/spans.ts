import { fingerprint } from './k3s/fingerprint.js';
import type { Operation, StepRecord } from './state.js';

/** A step or an operation that has ended, as a span of its operation's trace. [OpenTelemetry: trace API] */
export interface EndedSpan {
  /** 32 hex digits: the one in logs and in the status. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  /** Null for the operation, which is the root. */
  parentId: string | null;
  name: string;
  /** ISO 8601. */
  startedAt: string;
  endedAt: string;
  attributes: Record<string, string>;
  /** Why it has failed; null for a success. */
  error: { code: string; message: string } | null;
}

/** Cluster of the operation or step. */
export interface SpanOwner {
  cluster: string;
  uid: string;
  region: string;
}

/** Returns the same id everywhere: activities name their step's span before it has ended. */
export const operationSpanId = ({ traceId, id }: Pick<Operation, 'traceId' | 'id'>): string =>
  fingerprint(`${traceId} ${id}`);

/** A retried step is another span. */
export const stepSpanId = (traceId: string, { id, startedAt }: Pick<StepRecord, 'id' | 'startedAt'>): string =>
  fingerprint(`${traceId} ${id} ${startedAt}`);

export function operationSpan(operation: Operation, owner: SpanOwner): EndedSpan {
  const { kind, outcome, startedAt, traceId } = operation;
  const failed = operation.steps.findLast((step) => step.error !== null)?.error ?? null;
  return {
    traceId,
    spanId: operationSpanId(operation),
    parentId: null,
    name: `${kind} ${owner.cluster}`,
    startedAt,
    endedAt: operation.endedAt ?? startedAt,
    attributes: { ...attributesOf(owner, operation.id), 'keelson.kind': kind, 'keelson.outcome': outcome },
    error: outcome !== 'failed' && outcome !== 'rolledBack' ? null : (failed ?? { code: outcome, message: outcome }),
  };
}

export function stepSpan(step: StepRecord, operation: Operation, owner: SpanOwner): EndedSpan {
  return {
    traceId: operation.traceId,
    spanId: stepSpanId(operation.traceId, step),
    parentId: operationSpanId(operation),
    name: step.id,
    startedAt: step.startedAt,
    endedAt: step.endedAt ?? step.startedAt,
    attributes: {
      ...attributesOf(owner, operation.id),
      'keelson.kind': step.kind,
      'keelson.phase': step.phase,
      'keelson.outcome': step.outcome,
      ...(step.slot !== null && { 'keelson.slot': step.slot }),
    },
    error: step.error,
  };
}

const attributesOf = ({ cluster, uid, region }: SpanOwner, operation: string): Record<string, string> => ({
  'keelson.cluster': cluster,
  'keelson.uid': uid,
  'keelson.operation': operation,
  'cloud.region': region,
});
