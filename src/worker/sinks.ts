import type { InjectedSinks } from '@temporalio/worker';
import type { StatusHolds } from '../activities/status-holds.js';
import type { SpanSinks } from '../workflows/cluster/operation/spans.js';
import type { StatusSinks } from '../workflows/cluster/status/file.js';
import { NO_TRACING, type Tracing } from './tracing/index.js';

type AllSinks = InjectedSinks<SpanSinks & StatusSinks>;

/** What workflows tell their worker beside the history. None is called in a replay. */
export const sinksOf = (tracing: Pick<Tracing, 'sinks'>, holds: Pick<StatusHolds, 'release'>): AllSinks => ({
  ...tracing.sinks,
  statusWrites: { release: { fn: ({ runId }, write) => holds.release(runId, write) } },
});

/** Of a worker that no one listens to. */
export const NO_SINKS: AllSinks = sinksOf(NO_TRACING, { release: () => undefined });
