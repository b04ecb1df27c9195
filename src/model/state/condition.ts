/** A statement about the cluster as a whole. */

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  hint: string;
  /** Slots of the nodes for which a False condition does not hold, if it counts nodes. */
  slots?: string[];
  /** Since when the condition has this status. */
  since: string;
  /** When it was last probed. */
  lastProbeTime: string;
}

export interface ClusterEvent {
  at: string;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  operation: string | null;
}

/** `reason` of the condition: Invalid, or Refused for a valid document whose change is impossible. */
export interface ConfigProblem {
  reason: 'Invalid' | 'Refused';
  message: string;
}
