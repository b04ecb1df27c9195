import type { Architecture } from './state/instance.js';

export type InstanceStateName = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** Status checks of EC2: of the host, of the operating system, and of the attached EBS volumes. [docs: EC2 status checks] */
export const STATUS_CHECKS = ['system', 'instance', 'volume'] as const;
export type StatusCheck = (typeof STATUS_CHECKS)[number];

export interface InstanceObservation {
  id: string;
  slot: string;
  generation: number;
  state: InstanceStateName;
  type: string;
  imageId: string;
  architecture: Architecture;
  subnetId: string;
  zone: string;
  privateIp: string;
  publicIp: string | null;
  launchedAt: string;
  /** Security groups of its primary network interface, sorted; missing where EC2 shows none. */
  groups?: string[];
  /** Known by its id alone: someone has removed the tags that name its owner. */
  untagged?: true;
  /** It cannot be stopped and started: a spot instance, or one whose root device is an instance store. [docs: EC2 stop and start] */
  unstoppable?: true;
  /** Failing status checks; missing if all pass, or EC2 was not asked. */
  failedChecks?: StatusCheck[];
  /** What SSM says of its agent; missing if the instance does not run, or SSM was not asked. */
  agent?: 'online' | 'lost';
  /** For a lost agent: Keelson's instances of other clusters whose agents SSM lost at about the same time. */
  lostBeside?: LostBeside;
}

/** How many other agents were lost at about the same time in the same zone, and in the same subnet. */
export interface LostBeside {
  zone: number;
  subnet: number;
}

/** A node as Kubernetes reports it. */
export interface NodeObservation {
  name: string;
  ready: boolean;
  /** Whether its etcd member votes, as etcd says; null for agents. */
  voter: boolean | null;
  version: string;
  schedulable: boolean;
  internalIp: string;
  /** Its conditions MemoryPressure, DiskPressure and PIDPressure that are True. */
  pressures?: string[];
  /** Differences of its labels and taints from the document; empty for none, missing if no one has compared them. */
  differs?: string;
}
