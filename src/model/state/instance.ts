/** State of instances: what they are launched with, and what they are. */
import type { LaunchBatch } from '../launch-batch.js';
import type { CapacityReservation } from '../spec/schema.js';
import type { DataVolumeRequest } from '../volumes/requests.js';

export type Architecture = 'amd64' | 'arm64';

/** What the account offers for this cluster, looked up once and pinned, so that every later launch asks for the same. */
export interface LaunchConfig {
  vpcId: string;
  vpcCidr: string;
  subnets: { id: string; zone: string; cidr: string }[];
  /** Image and root device by architecture, only for the architectures of the document's instance types. */
  images: Partial<Record<Architecture, ImageChoice>>;
  /** Architecture and the zones that offer it, by instance type. */
  instanceTypes: Record<string, { architecture: Architecture; zones: string[] }>;
  /** Groups of the document; empty if Keelson makes its own. */
  securityGroupIds: string[];
}

/** An image at the time of its lookup. */
export interface ImageChoice {
  id: string;
  rootDeviceName: string;
  /** When it was made, ISO 8601; missing if EC2 does not say. */
  createdAt?: string;
}

/**
 * Everything that a RunInstances request depends on. The state carries it before the call, so that a repetition asks for exactly the same.
 */
export interface LaunchRequest {
  subnetId: string;
  instanceType: string;
  imageId: string;
  rootDeviceName: string;
  rootVolume: {
    sizeGiB: number;
    type: string;
    encrypted: boolean;
    kmsKeyId?: string | undefined;
    iops?: number | undefined;
    throughput?: number | undefined;
  };
  /** Data volumes, beside the root volume. */
  volumes?: DataVolumeRequest[];
  capacityReservation?: CapacityReservation | null;
  securityGroupIds: string[];
  instanceProfile: string | null;
  publicIp: boolean;
  /** Hop limit of the instance metadata's answers. */
  metadataHopLimit: number;
  /** Key into `ClusterState.userData`. */
  userDataId: string;
  /** The document's own tags at that time, until the launch is answered; absent for none. */
  tags?: Record<string, string>;
  /** The call launches these slots together; absent if it launches this one alone. */
  batch?: LaunchBatch;
}

/** Instance of a slot's node. */
export interface NodeInstance {
  id: string;
  type: string;
  imageId: string;
  architecture: Architecture;
  subnetId: string;
  zone: string;
  privateIp: string;
  publicIp: string | null;
  launchedAt: string;
  power: 'running' | 'stopped';
  /** It cannot be stopped and started: a spot instance, or one whose root device is an instance store. */
  unstoppable?: true;
  /** Its SSM agent has never registered: it holds nothing, and its successor goes to another subnet. */
  unregistered?: true;
  /** Its first boot has founded a cluster for a document that has changed since: no node joins it, and it is replaced. */
  foundedOtherwise?: true;
  /** Someone has removed its tags; `refused`: Keelson may not set them again. */
  untagged?: true | 'refused';
}

/** An instance whose slot waits for the next one to join. */
export interface LostInstance {
  instanceId: string;
  /** When it was seen to have ended, ISO 8601. */
  at: string;
  /** In words that follow its id, e.g. `was terminated`. */
  how: string;
  /** Keelson has terminated it to replace it. */
  retired?: true;
}

/** Returns how an instance was lost, in words. */
export const lossText = ({ instanceId, how }: LostInstance): string => `${instanceId} ${how}`;

/** What Keelson has kept of a replaced instance's root volume. */
export interface KeptVolume {
  kind: 'snapshot' | 'volume';
  id: string;
  slot: string;
  generation: number;
  instanceId: string;
  /** When it was saved, ISO 8601. */
  at: string;
}
