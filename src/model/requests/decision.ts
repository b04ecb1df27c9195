import type { ClusterState } from '../state.js';

/** What a request does to the carried desired state. `type` of a refusal is the failure's type: InvalidSpec, InvalidRequest or Refused. */
export type Decision =
  | { outcome: 'refused'; type: 'InvalidSpec' | 'InvalidRequest' | 'Refused'; message: string; problems: string[] }
  | { outcome: 'unchanged'; message: string }
  | { outcome: 'accepted'; message: string; change: Partial<ClusterState> };

/** Refuses a payload that the request does not take. */
export const invalid = (message: string, problems: string[] = []): Decision => ({
  outcome: 'refused',
  type: 'InvalidRequest',
  message,
  problems,
});

/** Accepts a request that changes nothing: the cluster is, or is about to be, as asked. */
export const unchanged = (message: string): Decision => ({
  outcome: 'unchanged',
  message: `nothing to do: ${message}`,
});

export const accepted = (message: string, change: Partial<ClusterState>): Decision => ({
  outcome: 'accepted',
  message,
  change,
});

/** Refuses a request that is understood, and must not be carried out now. */
export const refused = (message: string): Decision => ({ outcome: 'refused', type: 'Refused', message, problems: [] });
