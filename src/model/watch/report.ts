import { type ObservationFailure, SUBJECTS } from '../observation-failure.js';
import { ERROR_CLASSES } from '../state.js';

/** What the region watch tells a cluster of its own sight; comes with the signal `look`. */
export interface WatchReport {
  /** When the watch looked, ISO 8601. */
  at: string;
  failures: ObservationFailure[];
}

/** Out of a signal's payload, which anybody may have sent; null where there is none. */
export function readWatchReport(payload: unknown): WatchReport | null {
  if (!isRecord(payload) || !isRecord(payload['report'])) return null;
  const { at, failures } = payload['report'];
  if (typeof at !== 'string' || !Array.isArray(failures)) return null;
  return { at, failures: failures.filter(isFailure) };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isFailure = (value: unknown): value is ObservationFailure =>
  isRecord(value) &&
  SUBJECTS.some((one) => one === value['subject']) &&
  ERROR_CLASSES.some((one) => one === value['class']) &&
  ['code', 'message', 'hint', 'since'].every((name) => typeof value[name] === 'string');
