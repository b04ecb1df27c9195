import { type EC2Client, type Instance, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { hasCode, messageOf } from '../../aws/error-code.js';
import { failure, toFailure } from '../../aws/failure.js';
import { ownedBy } from '../../aws/tags.js';
import { isServerSlot } from '../../model/ids.js';
import type { InstanceObservation } from '../../model/observation.js';
import { TAG } from '../../model/tags.js';
import type { Installation } from '../../model/trust/installation.js';
import type { LaunchInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import { requireClaim } from '../claim.js';
import type { ActivityDeps } from '../deps.js';
import { awaitTurn, enterLine } from './await-turn.js';
import { findInstances } from './find-instances.js';
import { instanceView } from './instance-view.js';
import { clientToken, runInstancesInput } from './launch-request.js';

/** A new instance profile is unknown to EC2 for seconds to minutes [docs: IAM eventual consistency]. */
const PROFILE_PATIENCE_MS = 120_000;

/**
 * At most one instance for a slot and generation: first an observation by tags for the instance of the same request, then RunInstances with a ClientToken over the whole
 * request. Once sent it is waited for, also when the operation is cancelled: the answer is an instance that costs money.
 */
export async function launchInstance(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: LaunchInput,
): Promise<InstanceObservation> {
  const ec2 = deps.clients.ec2(input.region);
  const { launch, slot } = input;
  const profile = launch.instanceProfile ?? deps.defaultInstanceProfile;
  if (profile === null) throw profileMissing();
  const installation = await deps.installation();
  const pace = launchPace(input);
  const attempted = `RunInstances ${launch.instanceType} in ${launch.subnetId} for ${slot}`;
  const line = enterLine(
    deps.pace.line(pace, { urgent: input.urgent }),
    `${input.uid} ${slot} ${input.generation}`,
    input.since,
    attempted,
  );
  try {
    const [before] = await Promise.all([findInSlot(ec2, attempt, installation, input), requireClaim(deps, input)]);
    if (before !== undefined) {
      attempt.log.info('launched before', { slot, instance: before.InstanceId });
      return instanceView(before);
    }
    await awaitTurn(deps, attempt, pace, { rank: rankOf(slot), urgent: input.urgent, line });
  } finally {
    line.leave();
  }
  try {
    const answer = await ec2.send(new RunInstancesCommand(runInstancesInput(installation, input, profile)));
    const instance = answer.Instances?.[0];
    if (instance === undefined) throw new Error('the answer holds no instance');
    return instanceView(instance);
  } catch (error) {
    if (hasCode(error, 'RequestLimitExceeded')) deps.pace.refused(pace);
    // The token was used for this slot and generation before, in a request that differed: whose instance is it?
    if (hasCode(error, 'IdempotentParameterMismatch', 'IdempotentInstanceTerminated')) {
      const earlier = await findInSlot(ec2, attempt, installation, input);
      if (earlier !== undefined) return instanceView(earlier);
    }
    if (isProfileUnknown(error)) throw profileUnknown(error, attempt, profile, attempted);
    throw toFailure(error, attempted);
  }
}

/** Launches of a region take turns under this key. */
export const launchPace = ({ region }: { region: string }): string => `${region} RunInstances`;

/** The first server is what a new cluster waits for, the other servers follow, agents have the most time. */
export function rankOf(slot: string): number {
  if (slot === 'server-0') return 0;
  return isServerSlot(slot) ? 1 : 2;
}

/**
 * Returns the instance that this request has launched before; one on its way out is none. Others may carry the same tags: without the request's own
 * token an instance is not looked at further.
 */
async function findInSlot(
  ec2: EC2Client,
  attempt: ActivityContext,
  installation: Installation,
  input: LaunchInput,
): Promise<Instance | undefined> {
  const token = clientToken(installation, input);
  const found = await findInstances(ec2, [
    ...ownedBy({ ...input, installation: installation.id }),
    { Name: `tag:${TAG.slot}`, Values: [input.slot] },
    { Name: `tag:${TAG.generation}`, Values: [String(input.generation)] },
  ]);
  for (const { InstanceId: instance, ClientToken } of found)
    if (ClientToken !== token) attempt.log.warn('a foreign instance carries the tags of a launch', { instance });
  return found.find(({ ClientToken, State }) => ClientToken === token && State?.Name !== 'shutting-down');
}

export function profileMissing() {
  return failure({
    code: 'InstanceProfileMissing',
    class: 'invalid',
    message: 'no instance profile for the nodes: the document names none, and the worker has no default',
    hint: 'set spec.access.instanceProfile, or KEELSON_INSTANCE_PROFILE of the worker; deploy/ has a template for it',
  });
}

export function isProfileUnknown(error: unknown): boolean {
  return /Invalid IAM Instance Profile/i.test(messageOf(error));
}

export function profileUnknown(error: unknown, attempt: ActivityContext, profile: string, attempted: string) {
  const patient = attempt.age() < PROFILE_PATIENCE_MS;
  return failure({
    code: 'InstanceProfileUnknown',
    class: patient ? 'transient' : 'invalid',
    message: `${attempted}: EC2 does not know the instance profile ${profile}`,
    hint: patient
      ? 'a new profile is known after a minute or two; it is tried again'
      : 'create the instance profile, or correct spec.access.instanceProfile or KEELSON_INSTANCE_PROFILE',
    cause: error,
  });
}
