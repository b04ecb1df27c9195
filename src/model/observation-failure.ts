import type { ErrorClass } from './state.js';

/**
 * What an observer looks at; it may see some and not the others: `instances` is EC2's list, `groups` the security groups, `checks` EC2's status
 * checks, `agents` SSM's list of agents, `nodes` what K3s says on the nodes.
 */
export const SUBJECTS = ['instances', 'groups', 'checks', 'agents', 'nodes'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** Something that fails, and goes on failing. */
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

/** What an observer does not see, and why. */
export interface ObservationFailure extends ErrorNote {
  subject: Subject;
}

/** What cannot be observed, by the observer: `own` are the cluster's own observations, `region` is the region watch. */
export interface Unobserved {
  own: ObservationFailure[];
  region: ObservationFailure[];
}

/** The failures of the latest observation; what failed before keeps the time since when. */
export function withSince(
  before: readonly ObservationFailure[],
  latest: readonly ObservationFailure[],
): ObservationFailure[] {
  return latest.map((one) => ({
    ...one,
    since: before.find(({ subject }) => subject === one.subject)?.since ?? one.since,
  }));
}

/** Whether both say the same to a person: the subjects and the codes, not the words. */
export const sameFailures = (one: readonly ObservationFailure[], other: readonly ObservationFailure[]): boolean =>
  failuresKey(one) === failuresKey(other);

/** Which failures these are, in few characters; empty for none. */
export const failuresKey = (failures: readonly ObservationFailure[]): string =>
  failures
    .map(({ subject, code }) => `${subject}:${code}`)
    .sort()
    .join(' ');

/** Each cause once, the one that hides the most first: one refused call may hide several subjects. */
export function causesOf(failures: readonly ObservationFailure[]): ObservationFailure[] {
  const first = new Map<string, { failure: ObservationFailure; hides: number }>();
  for (const failure of failures) {
    const known = first.get(failure.message);
    if (known === undefined) first.set(failure.message, { failure, hides: 1 });
    else known.hides += 1;
  }
  return [...first.values()].sort((a, b) => b.hides - a.hides).map(({ failure }) => failure);
}
