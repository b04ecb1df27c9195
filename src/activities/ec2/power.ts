import {
  type EC2Client,
  ModifyInstanceAttributeCommand,
  ModifyNetworkInterfaceAttributeCommand,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { hasCode } from '../../aws/error-code.js';
import { detailOf, failure, toFailure } from '../../aws/failure.js';
import type { InstanceGroupsInput, InstancesInput, ModifyTypeInput, StopInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import { requireClaim } from '../claim.js';
import type { ActivityDeps } from '../deps.js';
import { retryOnce } from '../retry-once.js';
import { awaitTurn, enterLine } from './await-turn.js';
import { changeTurns } from './change-turns.js';
import { primaryInterface, stateOf } from './instance-view.js';
import { requireOwn } from './proof.js';

/**
 * All four are idempotent in EC2, which answers a repeated call like a success. None touches an instance that does not belong to the
 * cluster.
 */

export async function startInstances(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: InstancesInput,
): Promise<void> {
  const { instanceIds: InstanceIds } = input;
  const pace = `${input.region} StartInstances`;
  const { uid, urgent, since } = input;
  const line = enterLine(
    deps.pace.line(pace, { urgent }),
    `${uid} ${InstanceIds.join(' ')}`,
    since,
    `StartInstances ${InstanceIds.join(', ')}`,
  );
  await awaitTurn(deps, attempt, pace, { rank: 0, urgent, line }).finally(line.leave);
  await called(input, 'StartInstances', deps, async (ec2) => {
    try {
      await ec2.send(new StartInstancesCommand({ InstanceIds }));
    } catch (error) {
      if (hasCode(error, 'RequestLimitExceeded')) deps.pace.refused(pace);
      throw error;
    }
  });
}

export async function stopInstances(deps: ActivityDeps, attempt: ActivityContext, input: StopInput): Promise<void> {
  const { instanceIds: InstanceIds, force } = input;
  const request = { InstanceIds, ...(force && { Force: true }) };
  const turn = changeTurns(deps, attempt, input);
  await called(input, 'StopInstances', deps, (ec2) => turn('next', () => ec2.send(new StopInstancesCommand(request))));
}

export async function rebootInstances(deps: ActivityDeps, _: ActivityContext, input: InstancesInput): Promise<void> {
  const { instanceIds: InstanceIds } = input;
  await called(input, 'RebootInstances', deps, (ec2) => ec2.send(new RebootInstancesCommand({ InstanceIds })));
}

/** The instance must be stopped [docs: EC2 change the instance type]; if it has the type already, nothing happens. */
export async function modifyInstanceType(
  deps: ActivityDeps,
  _: ActivityContext,
  input: ModifyTypeInput,
): Promise<void> {
  const { instanceId: InstanceId, instanceType, region } = input;
  const ec2 = deps.clients.ec2(region);
  const [instance] = await requireOwn(deps, input, [InstanceId]);
  if (instance?.InstanceType === instanceType) return;
  try {
    await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, InstanceType: { Value: instanceType } }));
  } catch (error) {
    throw toFailure(error, `ModifyInstanceAttribute ${InstanceId} to ${instanceType}`);
  }
}

/**
 * Sets the groups of the primary network interface. EC2 refuses to change those of an instance that has several interfaces, such as a CNI attaches; then the
 * interface is named. [docs: EC2 ModifyInstanceAttribute; `There are multiple interfaces attached to instance`, hashicorp/terraform#14299]
 *
 * @returns `gone` without a call for an instance that ends or that EC2 does not list: to try until EC2 finds it would hold its replacement up
 */
export async function setInstanceGroups(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: InstanceGroupsInput,
): Promise<'set' | 'gone'> {
  const { instanceId: InstanceId, groupIds: Groups, region } = input;
  const [[instance]] = await Promise.all([requireOwn(deps, input, [InstanceId]), requireClaim(deps, input)]);
  if (instance === undefined || stateOf(instance) === 'shutting-down') return 'gone';
  const ec2 = deps.clients.ec2(region);
  const NetworkInterfaceId = primaryInterface(instance)?.NetworkInterfaceId;
  const hasSeveral = (instance.NetworkInterfaces?.length ?? 0) > 1 && NetworkInterfaceId !== undefined;
  const attempted = hasSeveral
    ? `ModifyNetworkInterfaceAttribute ${NetworkInterfaceId} of ${InstanceId} into ${Groups.join(', ')}`
    : `ModifyInstanceAttribute ${InstanceId} into ${Groups.join(', ')}`;
  const turn = changeTurns(deps, attempt, input);
  try {
    await retryOnce(attempt, attempted, () =>
      turn('next', async () => {
        if (hasSeveral) await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups }));
        else await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, Groups }));
      }),
    );
    return 'set';
  } catch (error) {
    const failed = toFailure(error, attempted);
    const { code, message } = detailOf(failed);
    // The groups were there before this step: what EC2 does not find now is gone.
    if (!GROUP_GONE.has(code)) throw failed;
    throw failure({ code, class: 'invalid', message, hint: GONE_HINT });
  }
}

const GROUP_GONE: ReadonlySet<string> = new Set([
  'InvalidGroup.NotFound',
  'InvalidGroupId.NotFound',
  'InvalidSecurityGroupID.NotFound',
]);
const GONE_HINT =
  'make the group that the message names again, or take it out of spec.network of the document; then `keelson retry`';

async function called(
  input: InstancesInput,
  action: string,
  deps: ActivityDeps,
  call: (ec2: EC2Client) => Promise<unknown>,
): Promise<void> {
  if (input.instanceIds.length === 0) return;
  await Promise.all([requireClaim(deps, input), requireOwn(deps, input, input.instanceIds)]);
  try {
    await call(deps.clients.ec2(input.region));
  } catch (error) {
    throw toFailure(error, `${action} ${input.instanceIds.join(', ')}`);
  }
}
