import { ALL_SUBJECTS, type ObservationFailure } from '../observation-failure.js';
import { ERROR_CLASSES } from '../state.js';

/** The region watch's report on its own observations; comes with the signal `reconcile`. */
export interface WatchReport {
  /** Time of the observation, ISO 8601. */
  at: string;
  failures: ObservationFailure[];
}

/** Reads a signal's payload, which anyone may have sent; null if it holds no report. */
export function readWatchReport(payload: unknown): WatchReport | null {
  if (!isRecord(payload) || !isRecord(payload['report'])) return null;
  const { at, failures } = payload['report'];
  if (typeof at !== 'string' || !Array.isArray(failures)) return null;
  return { at, failures: failures.filter(isFailure) };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isFailure = (value: unknown): value is ObservationFailure =>
  isRecord(value) &&
  ALL_SUBJECTS.some((one) => one === value['subject']) &&
  ERROR_CLASSES.some((one) => one === value['class']) &&
  ['code', 'message', 'hint', 'since'].every((name) => typeof value[name] === 'string');
