import type { InstanceStateName, StatusCheck } from '../observation.js';

/** One instance, as an observer of the whole region sees it. Missing fields were not observed, or are as they should be. */
export interface ReportedInstance {
  id: string;
  state: InstanceStateName;
  type?: string;
  /** Security groups of its primary network interface, e.g. `sg-1,sg-2`. */
  groups?: string;
  /** Failing status checks of EC2, of the host and of the operating system. */
  failedChecks?: StatusCheck[];
  /** SSM has lost the agent. */
  agentLost?: true;
  /** What the server reports about its K3s, e.g. `service=failed`. */
  k3s?: string;
}

/** Snapshot of one cluster; comes with the signal `reconcile`. */
export interface RegionReport {
  /** Empty for any cluster of the name. */
  uid: string;
  /** Whether all its instances are listed: a missing one is gone, unless it is newer than the list. */
  whole: boolean;
  /** When the list was begun, ISO 8601; missing if a missing instance is certainly gone. */
  at?: string;
  seen: ReportedInstance[];
  /** Instances that EC2 is starting, which a whole report does not list: they are not gone. */
  starting?: string[];
  /** Digests of the rules of all security groups with its tags, by id; missing if they were not observed. */
  groups?: Record<string, string>;
}
