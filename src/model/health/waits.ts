import { secondsOf } from '../duration.js';
import type { ClusterDocument } from '../spec/schema.js';

const MINUTE_MS = 60_000;

/** How long Keelson waits between the steps of a repair, in milliseconds. */
export interface Waits {
  /** Time for EC2's automatic recovery before Keelson stops and starts the instance. */
  recovery: number;
  /** Time for a reboot, or a stop and start, to show that it has helped. */
  settle: number;
  /** Time for a new instance's SSM agent to register. */
  registration: number;
  /** How long Kubernetes must call the node not Ready before its instance is replaced. */
  replace: number;
}

/**
 * Returns the waits, which follow from `spec.health.replaceAfter`: the gentler steps need their time before it is over. With the default of
 * 30 minutes they are 15, 5 and 10 minutes. A grace period of more than a quarter of an hour lengthens the default. EC2's recovery takes
 * minutes; an agent usually registers within two. [docs: EC2 instance recovery; SSM agent]
 */
export function waitsOf({ spec }: ClusterDocument): Waits {
  const { replaceAfter, gracePeriod } = spec.health;
  const replace = Math.max(secondsOf(replaceAfter), 2 * secondsOf(gracePeriod)) * 1_000;
  return {
    recovery: Math.min(15 * MINUTE_MS, replace / 2),
    settle: Math.min(5 * MINUTE_MS, replace / 6),
    registration: Math.min(10 * MINUTE_MS, replace / 3),
    replace,
  };
}

/** Keelson reboots a node for a lost SSM agent alone once within this time. */
export const REBOOT_WINDOW_MS = 24 * 60 * MINUTE_MS;
/** A failure that comes back so soon after a step was not repaired by it: the step counts as tried. */
export const SAME_TROUBLE_MS = 60 * MINUTE_MS;
