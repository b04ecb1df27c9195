import type { Architecture } from './state.js';

export type InstanceStateName = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

export interface InstanceView {
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
  /** It is known by its id alone: somebody has taken away the tags that say whose it is. */
  untagged?: true;
  /** The status checks of EC2 fail. */
  impaired?: true;
  /** What SSM says of its agent; left out where it runs not, or SSM was not asked. */
  agent?: 'online' | 'lost';
}

/** A node as Kubernetes tells of it. */
export interface NodeView {
  name: string;
  ready: boolean;
  /** Whether its etcd member votes, as etcd says; null for agents. */
  voter: boolean | null;
  version: string;
  schedulable: boolean;
  internalIp: string;
  /** Its conditions MemoryPressure, DiskPressure and PIDPressure that are True. */
  pressures?: string[];
}
