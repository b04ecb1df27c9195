/** State of the work: operations, their steps, and waits. */
import type { Phase } from '../phase.js';
import type { ErrorRecord } from './error.js';

export type OperationKind =
  | 'create'
  | 'start'
  | 'stop'
  | 'resize'
  | 'update'
  | 'repair'
  | 'backup'
  | 'restore'
  | 'rotate'
  | 'delete';

export interface StepRecord {
  id: string;
  kind: string;
  phase: Phase;
  slot: string | null;
  title: string;
  startedAt: string;
  endedAt: string | null;
  outcome: 'running' | 'done' | 'failed' | 'cancelled';
  error: ErrorRecord | null;
}

export interface Operation {
  id: string;
  kind: OperationKind;
  requestedBy: string;
  startedAt: string;
  endedAt: string | null;
  outcome: 'running' | 'done' | 'failed' | 'cancelled' | 'rolledBack' | 'superseded';
  reason: string;
  traceId: string;
  specGeneration: number;
  /** Steps finished or under way, in the order they were begun. */
  steps: StepRecord[];
  /** Number of steps of the operation in all, as last planned. */
  stepsTotal: number;
}

export interface Breaker {
  failures: number;
  /** Until when it is open; null below the threshold, and from the moment at which the next try begins. */
  openUntil: string | null;
  /** Earliest time of the next try: the end of the back-off, or of an open breaker; null when that try has begun. */
  retryAt: string | null;
  /** Seconds that the next opening lasts. */
  nextSeconds: number;
  /** Code of the last failure. */
  code: string;
}

/** What the loop waits for, in words, and until when. */
export interface Waiting {
  for: string;
  since: string;
  until: string | null;
}
