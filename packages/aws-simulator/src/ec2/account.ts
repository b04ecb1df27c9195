/** All resources in one region of an account. */
import type { Instance } from '../contract.js';
import { newId } from './ids.js';
import { type Image, imagesOf } from './images.js';
import { ACCOUNT_ID, type AddressPool, PrivateAddresses, type Subnet, type Vpc, zonesOf } from './network.js';
import { anyOut, type Rule } from './rules.js';

export interface BlockDevice {
  deviceName: string;
  volumeId: string;
  deleteOnTermination: boolean;
  attachedAt: string;
}

/** The contract's instance with what only EC2 itself needs. */
export interface Ec2Instance extends Instance {
  reservationId: string;
  /** Among those of its call, from 0; it never changes. [docs: EC2 Instance, AmiLaunchIndex] */
  launchIndex: number;
  networkInterfaceId: string;
  /** Interfaces that someone has attached since, with groups of their own. */
  furtherInterfaces: { id: string; securityGroupIds: string[] }[];
  rootDeviceName: string;
  blockDevices: BlockDevice[];
  wantsPublicIp: boolean;
  httpTokens: string;
  terminationProtected: boolean;
  capacityReservationId: string | null;
  stateReason: { code: string; message: string } | null;
  transitionReason: string;
  /** Milliseconds since the epoch of the last change of state. */
  changedAt: number;
  /** Failing status checks: `instance` until the next boot, `system` and `volume` until a start on another host. */
  failing: StatusCheck[];
}

/** Checks of the host, of the operating system, of the attached EBS volumes. [docs: EC2 status checks] */
export const STATUS_CHECKS = ['system', 'instance', 'volume'] as const;
export type StatusCheck = (typeof STATUS_CHECKS)[number];

export interface Snapshot {
  id: string;
  volumeId: string;
  sizeGiB: number;
  encrypted: boolean;
  description: string;
  startTime: string;
  /** Milliseconds since the epoch at which it is completed. */
  completeAt: number;
  tags: Record<string, string>;
}

/** Of an On-Demand Capacity Reservation: `count` instances of one type in one zone. */
export interface CapacityReservation {
  id: string;
  zone: string;
  type: string;
  count: number;
  /** Only launches that name it use it. */
  targeted: boolean;
}

export interface Volume {
  id: string;
  zone: string;
  sizeGiB: number;
  type: string;
  iops: number;
  throughput: number | null;
  kmsKeyId: string | null;
  encrypted: boolean;
  snapshotId: string;
  createTime: string;
  instanceId: string | null;
  /** Milliseconds since the epoch at which an attachment is complete. */
  attachedAt: number;
  deviceName: string;
  deleteOnTermination: boolean;
  tags: Record<string, string>;
}

export interface SecurityGroup {
  id: string;
  name: string;
  description: string;
  vpcId: string;
  ingress: Rule[];
  /** A new group has just the rule that lets everything out. [docs: VPC, default outbound rule] */
  egress: Rule[];
  tags: Record<string, string>;
}

/** Use of a client token: the request's fingerprint and its result. */
export interface TokenUse {
  fingerprint: string;
  instanceIds: string[];
}

export class Account {
  readonly zones: string[];
  readonly vpcs: Vpc[];
  readonly subnets: Subnet[];
  readonly images: Image[];
  readonly instances = new Map<string, Ec2Instance>();
  readonly volumes = new Map<string, Volume>();
  readonly snapshots = new Map<string, Snapshot>();
  readonly groups = new Map<string, SecurityGroup>();
  readonly reservations = new Map<string, CapacityReservation>();
  /** By scope (zone or region) and token. */
  readonly tokens = new Map<string, TokenUse>();
  constructor(
    readonly region: string,
    { vpcs, subnets }: { vpcs: Vpc[]; subnets: Subnet[] },
    readonly publicAddresses: AddressPool,
    readonly privateAddresses = new PrivateAddresses(),
    readonly id = ACCOUNT_ID,
  ) {
    this.zones = zonesOf(region);
    this.vpcs = vpcs;
    this.subnets = subnets;
    this.images = imagesOf(region);
    for (const vpc of vpcs) this.addDefaultGroup(vpc);
  }

  defaultVpc(): Vpc | undefined {
    return this.vpcs.find((vpc) => vpc.isDefault);
  }

  defaultGroup(vpcId: string): SecurityGroup | undefined {
    return [...this.groups.values()].find((group) => group.vpcId === vpcId && group.name === 'default');
  }

  /** Instances that use a group: all that are not terminated. */
  usersOf(groupId: string): Ec2Instance[] {
    return [...this.instances.values()].filter(
      ({ state, securityGroupIds, furtherInterfaces }) =>
        state !== 'terminated' &&
        [securityGroupIds, ...furtherInterfaces.map((face) => face.securityGroupIds)].flat().includes(groupId),
    );
  }

  /** Returns the tags by resource, of everything that can be tagged. */
  tagged(): { id: string; type: string; tags: Record<string, string> }[] {
    const of = (type: string, all: Iterable<{ id: string; tags: Record<string, string> }>) =>
      [...all].map(({ id, tags }) => ({ id, type, tags }));
    return [
      ...of('instance', this.instances.values()),
      ...of('volume', this.volumes.values()),
      ...of('snapshot', this.snapshots.values()),
      ...of('security-group', this.groups.values()),
      ...of('vpc', this.vpcs),
      ...of('subnet', this.subnets),
    ];
  }

  private addDefaultGroup(vpc: Vpc): void {
    const id = newId('sg');
    const source = { kind: 'group', value: id } as const;
    const rule: Rule = { id: newId('sgr'), protocol: '-1', fromPort: -1, toPort: -1, source, description: '' };
    const group = { id, name: 'default', description: 'default VPC security group', vpcId: vpc.id, tags: {} };
    this.groups.set(id, { ...group, ingress: [rule], egress: [anyOut()] });
  }
}
