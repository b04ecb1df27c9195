import { metricMeter } from '@temporalio/workflow';
import type { Operation, StepRecord } from '../../../model/state.js';

/** Histogram of steps. The SDK drops what a replay records. [docs: Temporal TypeScript SDK, metrics] */
const steps = () => metricMeter.createHistogram('keelson_step_duration', 'float', 'seconds', 'Steps of operations');
const operations = () =>
  metricMeter.createHistogram('keelson_operation_duration', 'float', 'seconds', 'Operations of clusters');
const events = () => metricMeter.createCounter('keelson_events', '', 'Events of clusters by reason');

/** Records a step that has ended. */
export function stepEnded(step: StepRecord, region: string): void {
  steps().record(secondsOf(step), { kind: step.kind, outcome: step.outcome, region });
}

/** Records an operation that has ended. */
export function operationEnded(operation: Operation, region: string): void {
  operations().record(secondsOf(operation), { kind: operation.kind, outcome: operation.outcome, region });
}

/** Counts an event. Replacements, breakers, lost instances and failed observations each have one, with a reason out of a short list. */
export function eventHappened(type: string, reason: string, region: string): void {
  events().add(1, { type, reason, region });
}

const secondsOf = ({ startedAt, endedAt }: { startedAt: string; endedAt: string | null }): number =>
  Math.max(0, (Date.parse(endedAt ?? startedAt) - Date.parse(startedAt)) / 1_000);
