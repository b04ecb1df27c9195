import { type EC2Client, type Instance, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { CancelledFailure } from '@temporalio/common';
import { hasCode } from '../../aws/error-code.js';
import { detailOf, failure, toFailure } from '../../aws/failure.js';
import { nodeNameOf } from '../../model/ids.js';
import { batchName, slotsOfBatch } from '../../model/launch-batch.js';
import type { InstanceObservation } from '../../model/observation.js';
import type { LaunchBatchInput, LaunchInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import { requireClaim } from '../claim.js';
import type { ActivityDeps } from '../deps.js';
import { awaitTurn, enterLine, isUnsent, leavingUnsent } from './await-turn.js';
import { lives } from './find-cluster.js';
import { findInstances } from './find-instances.js';
import { instanceView } from './instance-view.js';
import { isProfileUnknown, launchPace, profileMissing, profileUnknown, rankOf } from './launch.js';
import { clientToken, runInstancesInput } from './launch-request.js';

type Launched = (InstanceObservation | null)[];

/**
 * Launches an instance for each slot of a batch by one call, all of them or none, at most once: the ClientToken covers the batch and the whole request. An
 * instance has the slot that its launch index says. One that has ended meanwhile is null: the generation of its slot is used up, the others go on.
 */
export async function launchInstances(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: LaunchBatchInput,
): Promise<Launched> {
  const ec2 = deps.clients.ec2(input.region);
  const { launch, batch, generation, cluster } = input;
  const profile = launch.instanceProfile ?? deps.defaultInstanceProfile;
  if (profile === null) throw profileMissing();
  const installation = await deps.installation();
  const name = batchName(batch);
  const request: LaunchInput = { ...input, slot: name, nodeName: nodeNameOf(cluster, name, generation) };
  const token = clientToken(installation, request, batch.count);
  const find = () => findLaunched(ec2, attempt, token, launch.subnetId);
  const mayExist = input.repeated === true || !isUnsent(attempt);
  const pace = launchPace(input);
  const attempted = `RunInstances ${batch.count} ${launch.instanceType} in ${launch.subnetId} for ${slotsOfBatch(batch)[0]} and ${batch.count - 1} more`;
  const who = `${input.uid} ${batch.count} ${name} ${generation}`;
  const line = await leavingUnsent(attempt, () =>
    enterLine(deps.pace.line(pace, { urgent: input.urgent }), who, input.since, attempted),
  );
  try {
    const [before] = await Promise.all([find(), requireClaim(deps, input)]).catch((error: unknown) => {
      throw mayExist ? noAnswer(error, name) : error;
    });
    if (before.size >= batch.count) {
      attempt.log.info('launched before', { batch: name, instances: batch.count });
      return inOrder(before, input);
    }
    await leavingUnsent(attempt, () =>
      awaitTurn(deps, attempt, pace, { rank: rankOf(name), urgent: input.urgent, line }),
    );
  } finally {
    line.leave();
  }
  try {
    const answer = await ec2.send(
      new RunInstancesCommand(runInstancesInput(installation, request, profile, batch.count)),
    );
    return inOrder(byIndex(answer.Instances ?? []), input);
  } catch (error) {
    if (hasCode(error, 'RequestLimitExceeded')) deps.pace.refused(pace);
    const refusal = isProfileUnknown(error)
      ? profileUnknown(error, attempt, profile, attempted)
      : toFailure(error, attempted);
    // The token was used before, in a request that differed, or some of its instances have ended: which are there?
    const wasUsed = hasCode(error, 'IdempotentParameterMismatch', 'IdempotentInstanceTerminated');
    const isAnswer = refusal.nonRetryable === true;
    if (!wasUsed && !(isAnswer && mayExist)) throw refusal;
    try {
      // An earlier call may have launched them, or arrive late: a refusal of this one does not say.
      if (mayExist) await attempt.sleep(LISTED_AFTER_MS);
      const earlier = await find();
      if (earlier.size > 0) return inOrder(earlier, input);
    } catch (reason) {
      throw noAnswer(reason, name);
    }
    throw refusal;
  }
}

/** EC2 lists what it has launched after seconds; its advice is to ask for minutes. [docs: EC2 API, eventual consistency] */
const LISTED_AFTER_MS = 30_000;

/** Makes a failure that says nothing of the launch: the batch is asked for again as it was. */
function noAnswer(error: unknown, name: string) {
  if (error instanceof CancelledFailure) return error;
  const cause = toFailure(error, `look for the launch of ${name}`);
  if (cause.nonRetryable !== true) return cause;
  const { message, code } = detailOf(cause);
  return failure({
    code,
    class: 'transient',
    message: `${message}; an earlier call may have launched the batch ${name}`,
    hint: 'nothing; the batch is looked for again',
    cause: error,
  });
}

/**
 * Returns the instances of the token by launch index, those that have ended included. A token counts for one zone only [docs: EC2 idempotency], and
 * others may read and use it elsewhere: what is in another subnet is none of the launch.
 */
async function findLaunched(
  ec2: EC2Client,
  attempt: ActivityContext,
  token: string,
  subnetId: string,
): Promise<Map<number, Instance>> {
  const found = await findInstances(ec2, [{ Name: 'client-token', Values: [token] }], attempt.signal, 'ever');
  const own = found.filter((one) => !one.SubnetId || one.SubnetId === subnetId);
  if (own.length < found.length) attempt.log.warn('a foreign instance has the token of a launch', { token });
  return byIndex(own);
}

/** An ended instance has lost its subnet: where two have one index, the one that lives is of the launch. */
const byIndex = (instances: readonly Instance[]): Map<number, Instance> =>
  new Map(
    [...instances]
      .sort((a, b) => Number(lives(a)) - Number(lives(b)))
      .map((instance) => [instance.AmiLaunchIndex ?? 0, instance]),
  );

/** EC2 lists an ended instance for about an hour. [docs: EC2 instance lifecycle] */
const LISTED_MS = 60 * 60_000;

/** @throws a transient failure when EC2 does not list all of them yet: none may count as ended that is not */
function inOrder(launched: Map<number, Instance>, { batch, generation }: LaunchBatchInput): Launched {
  const launchedAt = Math.max(...[...launched.values()].map(({ LaunchTime }) => LaunchTime?.getTime() ?? Date.now()));
  return slotsOfBatch(batch).map((slot, index) => {
    const instance = launched.get(index);
    if (instance === undefined && Date.now() - launchedAt > LISTED_MS) return null;
    if (instance === undefined)
      throw failure({
        code: 'LaunchNotListed',
        class: 'not-found-yet',
        message: `EC2 has launched the batch ${batchName(batch)} and does not list the instance of ${slot}`,
        hint: 'EC2 lists what it has launched after moments; it is asked again',
      });
    // The tags of the call are in its answer, but those of an instance that was named since are its own.
    return lives(instance) ? { ...instanceView(instance), slot, generation } : null;
  });
}
