import type { ErrorClass } from './state/error.js';

/**
 * Parts of an observation, which can fail alone: `instances` is EC2's list, `groups` the security groups, `checks` EC2's status checks,
 * `agents` SSM's list of agents, `nodes` what K3s says on the nodes.
 */
export const SUBJECTS = ['instances', 'groups', 'checks', 'agents', 'nodes'] as const;

/**
 * What Keelson reads besides, which hides nothing of a cluster's health: `bucket` has claims, tokens and documents, `events` is the queue of events.
 */
export const ASIDE = ['bucket', 'events'] as const;

export const ALL_SUBJECTS = [...SUBJECTS, ...ASIDE] as const;
export type Subject = (typeof ALL_SUBJECTS)[number];

/** Returns whether a failure hides something of the cluster's health. */
export const hidesHealth = ({ subject }: Pick<ObservationFailure, 'subject'>): boolean =>
  SUBJECTS.some((one) => one === subject);

/** A lasting failure. */
export interface ErrorNote {
  code: string;
  class: ErrorClass;
  /** Which call, on what, and what came back. */
  message: string;
  /** What a person can do. */
  hint: string;
  /** ISO 8601. */
  since: string;
}

/** What an observer cannot observe, and why. */
export interface ObservationFailure extends ErrorNote {
  subject: Subject;
}

/** What cannot be observed, by the observer: `own` for the cluster's own observations, `region` for the region watch. */
export interface Unobserved {
  own: ObservationFailure[];
  region: ObservationFailure[];
}

/** Returns the failures of the latest observation; a lasting failure keeps its `since`. */
export function withSince(
  before: readonly ObservationFailure[],
  latest: readonly ObservationFailure[],
): ObservationFailure[] {
  return latest.map((one) => ({
    ...one,
    since: before.find(({ subject }) => subject === one.subject)?.since ?? one.since,
  }));
}

/** Returns whether both mean the same to a person: by subjects and codes, not by words. */
export const sameFailures = (one: readonly ObservationFailure[], other: readonly ObservationFailure[]): boolean =>
  failuresKey(one) === failuresKey(other);

/** Returns a short key of these failures; empty for none. */
export const failuresKey = (failures: readonly ObservationFailure[]): string =>
  failures
    .map(({ subject, code }) => `${subject}:${code}`)
    .sort()
    .join(' ');

/** Returns each cause once, the one that hides the most first: one refused call may hide several subjects. */
export function causesOf(failures: readonly ObservationFailure[]): ObservationFailure[] {
  const first = new Map<string, { failure: ObservationFailure; hides: number }>();
  for (const failure of failures) {
    const known = first.get(failure.message);
    if (known === undefined) first.set(failure.message, { failure, hides: 1 });
    else known.hides += 1;
  }
  return [...first.values()].sort((a, b) => b.hides - a.hides).map(({ failure }) => failure);
}
