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
}

/** A node as Kubernetes tells of it. */
export interface NodeView {
  name: string;
  ready: boolean;
  /** Of the Node condition EtcdIsVoter; null for agents. */
  voter: boolean | null;
  version: string;
  schedulable: boolean;
  internalIp: string;
}
