import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import type { AccountAnswers } from '../../aws/account/questions.js';
import { codeOf, hasCode, messageOf } from '../../aws/error-code.js';
import { failure, toFailure } from '../../aws/failure.js';
import type { LaunchConfig } from '../../model/state.js';
import { dataVolumesOf } from '../../model/volumes/requests.js';
import type { LaunchInput, PreflightInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { isProfileUnknown, profileUnknown } from '../ec2/launch.js';
import { runInstancesInput } from '../ec2/launch-request.js';

/** A dry run counts against the small bucket of RunInstances: one is enough for all clusters that are made meanwhile. */
const GOOD_FOR_MS = 600_000;

const passed = new WeakMap<AccountAnswers, Map<string, number>>();

/**
 * Asks EC2 whether the worker may launch at all, with this profile: a DryRun, which makes nothing [docs: EC2 RunInstances].
 * Keelson thus reports a missing permission before it has made anything. The launch itself reports all other errors.
 *
 * @throws an `auth` failure; `InstanceProfileUnknown`, with the patience of a launch
 */
export async function dryRunLaunch(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: PreflightInput,
  launchConfig: LaunchConfig,
): Promise<void> {
  const profile = input.document.spec.access.instanceProfile ?? deps.defaultInstanceProfile ?? '';
  const known = passed.get(deps.answers) ?? new Map<string, number>();
  passed.set(deps.answers, known);
  const key = [input.region, profile, ...groupsOf(input, launchConfig)].join(' ');
  if (performance.now() - (known.get(key) ?? Number.NEGATIVE_INFINITY) < GOOD_FOR_MS) return;
  // Those who come meanwhile need not wait for the answer: if it is no, their own launch hears it too.
  known.set(key, performance.now());
  const attempted = `RunInstances (dry run) in ${input.region}`;
  try {
    const request = runInstancesInput(await deps.installation(), launchOf(input, launchConfig), profile);
    await deps.clients.ec2(input.region).send(new RunInstancesCommand({ ...request, DryRun: true }));
  } catch (error) {
    if (hasCode(error, 'DryRunOperation')) return;
    known.delete(key);
    if (isProfileUnknown(error)) throw profileUnknown(error, attempt, profile, attempted);
    const failed = toFailure(error, attempted);
    if (failed.type === 'auth') throw mayNotPass(error, profile, attempted) ?? mayNotJoin(error, attempted) ?? failed;
    attempt.log.info('the dry run of a launch was not conclusive; the launch decides', {
      code: codeOf(error),
      error: messageOf(error),
    });
  }
}

/** The role of the profile is none that the worker may pass to an instance. [EC2: the encoded message names iam:PassRole] */
function mayNotPass(error: unknown, profile: string, attempted: string) {
  if (!/iam:PassRole/.test(messageOf(error))) return null;
  const role = roleIn(messageOf(error));
  return failure({
    code: 'PassRoleDenied',
    class: 'auth',
    message: `${attempted}: the worker may not pass the role ${role ?? ''}${role === null ? '' : ' '}of the instance profile ${profile}: ${messageOf(error)}`,
    hint: `add the role to the parameter NodeRoleArns of the stack of deploy/aws, or this statement to the policy of the worker: ${statementFor(role)}; or name another profile in spec.access.instanceProfile`,
    cause: error,
  });
}

/** The operator lets instances into groups by tag alone (GroupsByTag). A launch that names no group is judged by the default group of the VPC. [EC2: RunInstances] */
function mayNotJoin(error: unknown, attempted: string) {
  const group = /ec2:RunInstances on resource: arn:\S+:security-group\/(sg-\w+)/.exec(messageOf(error))?.[1];
  if (group === undefined) return null;
  return failure({
    code: 'GroupNotJoinable',
    class: 'auth',
    message: `${attempted}: the worker may not put instances into ${group}: ${messageOf(error)}`,
    hint: `give ${group} the tag keelson-join with the id of the installation, or deploy the stack of deploy/aws with GroupsByTag=false`,
    cause: error,
  });
}

/** [IAM: "is not authorized to perform: iam:PassRole on resource: <arn> because no identity-based policy allows the iam:PassRole action"] */
const roleIn = (message: string): string | null =>
  /iam:PassRole on resource: (arn:\S+:role\/\S+)/.exec(message)?.[1] ?? null;

const statementFor = (role: string | null): string =>
  JSON.stringify({
    Effect: 'Allow',
    Action: 'iam:PassRole',
    Resource: role ?? 'the ARN of the role of the profile',
    Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
  });

/** Groups of the document: those of the cluster's own are not made yet. */
const groupsOf = ({ document }: PreflightInput, { securityGroupIds }: LaunchConfig): string[] => [
  ...securityGroupIds,
  ...document.spec.network.extraSecurityGroupIds,
];

/** Like the first server's, but of a slot that no cluster has. */
function launchOf(input: PreflightInput, launchConfig: LaunchConfig): LaunchInput {
  const { document } = input;
  const { rootVolume, volumes } = document.spec.servers;
  const [instanceType = '', offered] =
    Object.entries(launchConfig.instanceTypes).find(([type]) => type === document.spec.servers.instanceType) ??
    Object.entries(launchConfig.instanceTypes)[0] ??
    [];
  const image = offered === undefined ? undefined : launchConfig.images[offered.architecture];
  const subnet = launchConfig.subnets.find(({ zone }) => offered?.zones.includes(zone)) ?? launchConfig.subnets[0];
  return {
    ...input,
    slot: 'dry-run',
    generation: 0,
    nodeName: `${input.cluster}-dry-run`,
    launch: {
      subnetId: subnet?.id ?? '',
      instanceType,
      imageId: image?.id ?? '',
      rootDeviceName: image?.rootDeviceName ?? '',
      rootVolume,
      volumes: dataVolumesOf(volumes),
      securityGroupIds: groupsOf(input, launchConfig),
      instanceProfile: document.spec.access.instanceProfile ?? null,
      metadataHopLimit: document.spec.access.metadataHopLimit,
      publicIp: document.spec.network.publicIp,
      userDataId: '',
    },
    userData: '',
    tags: document.spec.tags,
  };
}
