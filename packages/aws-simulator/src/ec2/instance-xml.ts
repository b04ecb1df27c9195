/** An instance as DescribeInstances and RunInstances show it. [docs: EC2 API, Instance] */
import type { InstanceState } from '../contract.js';
import type { Xml } from '../xml.js';
import type { Account, Ec2Instance } from './account.js';
import { ACCOUNT_ID } from './network.js';
import { tagSet } from './tags.js';

const CODES: Record<InstanceState, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export function stateXml(state: InstanceState): Xml {
  return { code: CODES[state], name: state };
}

/** Instances by reservation, in the order given. */
export function reservationsXml(account: Account, instances: Ec2Instance[]): Xml {
  const byReservation = new Map<string, Ec2Instance[]>();
  for (const instance of instances) {
    const together = byReservation.get(instance.reservationId) ?? [];
    byReservation.set(instance.reservationId, [...together, instance]);
  }
  return [...byReservation].map(([id, together]) => reservationXml(account, id, together));
}

export function reservationXml(account: Account, id: string, instances: Ec2Instance[]): { [name: string]: Xml } {
  return {
    reservationId: id,
    ownerId: ACCOUNT_ID,
    groupSet: [],
    instancesSet: instances.map((instance) => instanceXml(account, instance)),
  };
}

function instanceXml(account: Account, instance: Ec2Instance): Xml {
  const gone = instance.state === 'terminated';
  const { publicIp } = instance;
  return {
    instanceId: instance.id,
    imageId: instance.imageId,
    instanceState: stateXml(instance.state),
    privateDnsName: gone ? '' : privateName(instance),
    dnsName: publicIp === null ? '' : `ec2-${publicIp.replaceAll('.', '-')}.${instance.region}.compute.amazonaws.com`,
    reason: instance.transitionReason,
    amiLaunchIndex: instance.launchIndex,
    productCodes: [],
    instanceType: instance.type,
    launchTime: instance.launchTime,
    placement: { availabilityZone: instance.zone, groupName: '', tenancy: 'default' },
    monitoring: { state: 'disabled' },
    // A terminated instance has lost its place in the network. [docs: EC2 terminate]
    ...(gone ? {} : { subnetId: instance.subnetId, vpcId: instance.vpcId, privateIpAddress: instance.privateIp }),
    ipAddress: publicIp,
    sourceDestCheck: gone ? null : true,
    groupSet: gone ? [] : groupsXml(account, instance.securityGroupIds),
    stateReason: instance.stateReason,
    architecture: instance.architecture,
    rootDeviceType: 'ebs',
    rootDeviceName: instance.rootDeviceName,
    blockDeviceMapping: instance.blockDevices.map((device) => ({
      deviceName: device.deviceName,
      ebs: {
        volumeId: device.volumeId,
        status: 'attached',
        attachTime: device.attachedAt,
        deleteOnTermination: device.deleteOnTermination,
      },
    })),
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    clientToken: instance.clientToken,
    tagSet: tagSet(instance.tags),
    iamInstanceProfile: instance.instanceProfile === null ? null : profileXml(instance.instanceProfile),
    networkInterfaceSet: gone
      ? []
      : [
          networkInterfaceXml(account, instance),
          ...instance.furtherInterfaces.map((_, at) => furtherXml(account, instance, at)),
        ],
    ebsOptimized: false,
    enaSupport: true,
    metadataOptions: {
      state: 'applied',
      httpTokens: instance.httpTokens,
      httpPutResponseHopLimit: 2,
      httpEndpoint: 'enabled',
    },
  };
}

function networkInterfaceXml(account: Account, instance: Ec2Instance): Xml {
  const { publicIp } = instance;
  const association = publicIp === null ? null : { publicIp, ipOwnerId: 'amazon' };
  return {
    networkInterfaceId: instance.networkInterfaceId,
    subnetId: instance.subnetId,
    vpcId: instance.vpcId,
    ownerId: ACCOUNT_ID,
    status: 'in-use',
    privateIpAddress: instance.privateIp,
    privateDnsName: privateName(instance),
    groupSet: groupsXml(account, instance.securityGroupIds),
    attachment: { deviceIndex: 0, status: 'attached', attachTime: instance.launchTime, deleteOnTermination: true },
    association,
    privateIpAddressesSet: [{ privateIpAddress: instance.privateIp, primary: true, association }],
  };
}

/** An interface that someone has attached; without an address, which nothing here asks for. */
function furtherXml(account: Account, instance: Ec2Instance, at: number): Xml {
  const { id = '', securityGroupIds = [] } = instance.furtherInterfaces[at] ?? {};
  return {
    networkInterfaceId: id,
    subnetId: instance.subnetId,
    vpcId: instance.vpcId,
    ownerId: ACCOUNT_ID,
    status: 'in-use',
    groupSet: groupsXml(account, securityGroupIds),
    attachment: { deviceIndex: at + 1, status: 'attached', attachTime: instance.launchTime, deleteOnTermination: true },
  };
}

function groupsXml(account: Account, groupIds: readonly string[]): Xml {
  return groupIds.map((groupId) => ({ groupId, groupName: account.groups.get(groupId)?.name ?? '' }));
}

function profileXml(name: string): Xml {
  return { arn: `arn:aws:iam::${ACCOUNT_ID}:instance-profile/${name}`, id: 'AIPAKEELSONLOCAL00000' };
}

function privateName(instance: Ec2Instance): string {
  return `ip-${instance.privateIp.replaceAll('.', '-')}.${instance.region}.compute.internal`;
}
