import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import type { AwsClients } from '../../aws/clients.js';
import { codeOf, hasCode, messageOf } from '../../aws/error-code.js';
import { failure, toFailure } from '../../aws/failure.js';
import type { Placement } from '../../model/state.js';
import { dataVolumesOf } from '../../model/volumes/requests.js';
import type { LaunchInput, ResolvePlacementInput } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { isProfileUnknown, profileUnknown } from '../ec2/launch.js';
import { runInstancesInput } from '../ec2/launch-request.js';

/** A rehearsal counts against the small bucket of RunInstances: one is enough for all clusters that are made meanwhile. */
const GOOD_FOR_MS = 600_000;

const passed = new WeakMap<AwsClients, Map<string, number>>();

/**
 * Asks EC2 whether the worker may launch at all, with this profile: a DryRun, which makes nothing [docs: EC2 RunInstances].
 * So a missing permission is known before there is anything to clean up. Whatever else EC2 says is left to the launch itself.
 *
 * @throws an `auth` failure; `InstanceProfileUnknown`, with the patience of a launch
 */
export async function rehearseLaunch(
  deps: ActivityDeps,
  attempt: Attempt,
  input: ResolvePlacementInput,
  placement: Placement,
): Promise<void> {
  const profile = input.document.spec.access.instanceProfile ?? deps.defaultInstanceProfile ?? '';
  const known = passed.get(deps.clients) ?? new Map<string, number>();
  passed.set(deps.clients, known);
  const key = `${input.region} ${profile}`;
  if (Date.now() - (known.get(key) ?? 0) < GOOD_FOR_MS) return;
  // Those who come meanwhile need not wait for the answer: if it is no, their own launch hears it too.
  known.set(key, Date.now());
  const attempted = `RunInstances (dry run) in ${input.region}`;
  try {
    const request = runInstancesInput(await deps.installation(), launchOf(input, placement), profile);
    await deps.clients.ec2(input.region).send(new RunInstancesCommand({ ...request, DryRun: true }));
  } catch (error) {
    if (hasCode(error, 'DryRunOperation')) return;
    known.delete(key);
    if (isProfileUnknown(error)) throw profileUnknown(error, attempt, profile, attempted);
    const failed = toFailure(error, attempted);
    if (failed.type === 'auth') throw mayNotPass(error, profile, attempted) ?? failed;
    attempt.log.info('the rehearsal of a launch says nothing; the launch will tell', {
      code: codeOf(error),
      error: messageOf(error),
    });
  }
}

/** The role of the profile is none that the worker may pass to an instance. [EC2: the encoded message names iam:PassRole] */
function mayNotPass(error: unknown, profile: string, attempted: string) {
  if (!/iam:PassRole/.test(messageOf(error))) return null;
  return failure({
    code: 'PassRoleDenied',
    class: 'auth',
    message: `${attempted}: the worker may not pass the role of the instance profile ${profile}: ${messageOf(error)}`,
    advice:
      'add the role to the parameter NodeRoleArns of the stack of deploy/aws, or name another profile in spec.access.instanceProfile',
    cause: error,
  });
}

/** Like the first server's, but of a slot that no cluster has. */
function launchOf(input: ResolvePlacementInput, placement: Placement): LaunchInput {
  const { document } = input;
  const { rootVolume, volumes } = document.spec.servers;
  const [instanceType = '', offered] =
    Object.entries(placement.instanceTypes).find(([type]) => type === document.spec.servers.instanceType) ??
    Object.entries(placement.instanceTypes)[0] ??
    [];
  const image = offered === undefined ? undefined : placement.images[offered.architecture];
  const subnet = placement.subnets.find(({ zone }) => offered?.zones.includes(zone)) ?? placement.subnets[0];
  return {
    ...input,
    slot: 'rehearsal',
    generation: 0,
    nodeName: `${input.cluster}-rehearsal`,
    launch: {
      subnetId: subnet?.id ?? '',
      instanceType,
      imageId: image?.id ?? '',
      rootDeviceName: image?.rootDeviceName ?? '',
      rootVolume,
      volumes: dataVolumesOf(volumes),
      securityGroupIds: placement.securityGroupIds,
      instanceProfile: document.spec.access.instanceProfile ?? null,
      metadataHopLimit: document.spec.access.metadataHopLimit,
      publicIp: document.spec.network.publicIp,
      userDataId: '',
    },
    userData: '',
    tags: document.spec.tags,
  };
}
