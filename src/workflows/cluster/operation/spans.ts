import { AsyncLocalStorage, proxySinks, type Sinks } from '@temporalio/workflow';
import { type EndedSpan, operationSpan, operationSpanId, stepSpan, stepSpanId } from '../../../model/spans.js';
import type { ClusterState, Operation, StepRecord } from '../../../model/state.js';

/** Receives spans that have ended. A sink leaves no trace in the history, and is not called in a replay (ADR 0054). */
export interface SpanSinks extends Sinks {
  spans: { ended(span: EndedSpan): void };
}

const { spans } = proxySinks<SpanSinks>();
/** The step that the calling code belongs to. */
const current = new AsyncLocalStorage<StepRecord>();

/** Runs a step, so that its activities know the span that they belong to. */
export const withinStep = <T>(step: StepRecord, run: () => Promise<T>): Promise<T> => current.run(step, run);

/** Returns the span of an activity that is scheduled now; null outside of an operation. */
export function currentSpanId({ operation }: ClusterState): string | null {
  if (operation === null) return null;
  const step = current.getStore();
  return step === undefined ? operationSpanId(operation) : stepSpanId(operation.traceId, step);
}

export function traceStep(step: StepRecord, state: ClusterState): void {
  if (state.operation !== null) spans.ended(stepSpan(step, state.operation, ownerOf(state)));
}

export function traceOperation(operation: Operation, state: ClusterState): void {
  spans.ended(operationSpan(operation, ownerOf(state)));
}

const ownerOf = ({ document, uid }: ClusterState) => ({
  cluster: document.metadata.name,
  uid,
  region: document.spec.region,
});
