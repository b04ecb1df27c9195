import { AwsError } from '../../aws-error.js';
import type { Account, Ec2Instance } from '../account.js';
import { checkCapacity } from '../capacity.js';
import { fingerprintOf, remember, usedBefore } from '../client-token.js';
import type { Answer, Ec2Context } from '../context.js';
import { freeAddresses } from '../free-addresses.js';
import { newId } from '../ids.js';
import { reservationXml } from '../instance-xml.js';
import { type LaunchRequest, readLaunch } from '../launch-request.js';
import type { Params } from '../params.js';

/** Instances exist, pending, before the answer: if that is lost, only the client token finds them again. */
export async function runInstances(context: Ec2Context, params: Params, form: URLSearchParams): Promise<Answer> {
  const { world, account, lifecycle } = context;
  const request = readLaunch(context, params);
  if (params.flag('DryRun')) {
    throw new AwsError('DryRunOperation', 412, 'Request would have succeeded, but DryRun flag is set.');
  }
  const token = params.text('ClientToken') ?? '';
  const fingerprint = fingerprintOf(form);
  const known = token === '' ? null : usedBefore(account, token, request.tokenZone, fingerprint);
  if (known !== null) return reservationXml(account, known[0]?.reservationId ?? '', known);
  checkCapacity(context, request.type, request.subnet.zone, 'launch', { count: request.count });
  checkAddresses(context, request);

  const reservationId = newId('r');
  const instances = Array.from({ length: request.count }, (_, index) =>
    makeInstance(context, request, { token, reservationId, index }),
  );
  if (token !== '') {
    const ids = instances.map(({ id }) => id);
    remember(account, token, request.tokenZone, fingerprint, ids);
  }
  await Promise.all(
    instances.map(async (instance) => {
      account.instances.set(instance.id, instance);
      world.instances.set(instance.id, instance);
      const { id, region, zone, type, clientToken, launchIndex, launchTime: at } = instance;
      world.record.launched({ id, at, region, zone, type, clientToken, launchIndex, tags: { ...instance.tags } });
      const call = await world.impose({ kind: 'run', instanceId: id, ms: world.profile.runInstances });
      if (instance.state === 'pending') lifecycle.launch(account, instance, call);
    }),
  );
  return reservationXml(account, reservationId, instances);
}

/** For all of them, before the first is made. */
function checkAddresses({ world, account }: Ec2Context, { subnet, count }: LaunchRequest): void {
  if (freeAddresses(world, account, subnet) >= count) return;
  const message = `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`;
  throw new AwsError('InsufficientFreeAddressesInSubnet', 400, message);
}

function makeInstance(
  { account }: Ec2Context,
  request: LaunchRequest,
  { token, reservationId, index }: { token: string; reservationId: string; index: number },
): Ec2Instance {
  const { subnet, type, image } = request;
  const privateIp = account.privateAddresses.take(subnet);
  if (privateIp === null) throw new Error(`${subnet.id} has no address left, which was counted before`);
  const now = new Date();
  const instance: Ec2Instance = {
    id: newId('i'),
    account: account.id,
    region: account.region,
    zone: subnet.zone,
    type: type.name,
    architecture: image.architecture,
    imageId: image.id,
    subnetId: subnet.id,
    vpcId: subnet.vpcId,
    privateIp,
    publicIp: null,
    securityGroupIds: request.groups.map(({ id }) => id),
    instanceProfile: request.instanceProfile,
    userData: request.userData,
    clientToken: token,
    tags: { ...request.instanceTags },
    state: 'pending',
    // EC2 reports whole seconds.
    launchTime: `${now.toISOString().slice(0, 19)}.000Z`,
    boots: 0,
    reservationId,
    launchIndex: index,
    networkInterfaceId: newId('eni'),
    furtherInterfaces: [],
    rootDeviceName: request.rootDeviceName,
    blockDevices: [],
    wantsPublicIp: request.publicIp,
    httpTokens: request.httpTokens,
    terminationProtected: request.terminationProtected,
    capacityReservationId: request.reservation?.id ?? null,
    stateReason: null,
    transitionReason: '',
    changedAt: now.getTime(),
    failing: [],
  };
  attachVolumes(account, instance, request, now.toISOString());
  return instance;
}

function attachVolumes(account: Account, instance: Ec2Instance, request: LaunchRequest, at: string): void {
  for (const { deviceName, deleteOnTermination, ...figures } of request.volumes) {
    const id = newId('vol');
    account.volumes.set(id, {
      id,
      zone: instance.zone,
      ...figures,
      snapshotId: deviceName === request.rootDeviceName ? request.image.snapshotId : '',
      createTime: at,
      instanceId: instance.id,
      attachedAt: 0,
      deviceName,
      deleteOnTermination,
      tags: { ...request.volumeTags },
    });
    instance.blockDevices.push({ deviceName, volumeId: id, deleteOnTermination, attachedAt: at });
  }
}
