import { isDeepStrictEqual } from 'node:util';
import type { Instance } from '@aws-sdk/client-ec2';
import type { InstanceInformation } from '@aws-sdk/client-ssm';
import { failure } from '../../aws/failure.js';
import { classifyCode } from '../../model/errors/index.js';
import type { InstanceObservation } from '../../model/observation.js';
import type { Trouble } from '../../model/retry.js';
import type { AwaitInstanceInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { retryTransient } from '../retry-transient.js';
import { instanceView, stateOf, stateReason } from './instance-view.js';

/** Just after the launch Describe may not know the instance, which exists all the same [docs: EC2 eventual consistency]. */
const UNKNOWN_PATIENCE_MS = 180_000;
/** After StartInstances Describe may show the old state for a while. */
const STOPPED_PATIENCE_MS = 60_000;

/**
 * Waits until the instance is in the requested state, through the reader that all waits of the region share.
 *
 * @throws a failure with the code and class of EC2's reason when the instance cannot get there any more or its start has failed;
 * `InstanceLost` if EC2 gives no reason, `IncorrectInstanceState` when it stays stopped although it should run; `AgentNotRegistered` when
 * its agent takes too long; CancelledFailure when cancelled
 */
export async function awaitInstance(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: AwaitInstanceInput,
): Promise<InstanceObservation> {
  const { instanceId, until } = input;
  const reader = deps.readers(input.region);
  const look = retryTransient(attempt, `DescribeInstances ${instanceId}`);
  const started = performance.now();
  let told: object | null = null;
  let ran = (attempt.resumed as { state?: string } | undefined)?.state === 'running';
  for (;;) {
    const [instance, agent] = await look(() =>
      Promise.all([
        reader.instance.next(instanceId),
        until === 'agent-online' ? reader.agent.next(instanceId) : Promise.resolve(undefined),
      ]),
    );
    if (instance === undefined) {
      if (until === 'terminated') return gone(instanceId);
      if (attempt.age() > UNKNOWN_PATIENCE_MS) throw unknown(input);
      continue;
    }
    if (isReached(until, instance, agent)) return instanceView(instance);
    const seen = { instanceId, state: stateOf(instance), agent: agent?.PingStatus ?? null };
    // A beat of its own for what has changed alone: Temporal writes each, and a thousand creates look as often as the reader can.
    if (!isDeepStrictEqual(seen, told)) attempt.heartbeat(seen);
    told = seen;
    attempt.tell(waitTold(input, attempt, instance, agent));
    refuseDeadEnd(input, instance, performance.now() - started, ran);
    ran ||= stateOf(instance) === 'running';
    const { registrationSeconds: seconds } = input;
    if (seconds !== undefined && stateOf(instance) === 'running' && attempt.age() > seconds * 1_000)
      throw unregistered(input, seconds, instance, agent);
  }
}

/** Returns what is waited for, and what EC2 and SSM say meanwhile. */
function waitTold(
  { instanceId, until }: AwaitInstanceInput,
  { since }: ActivityContext,
  instance: Instance,
  agent: InstanceInformation | undefined,
): Trouble {
  const isUp = until === 'agent-online' && stateOf(instance) === 'running';
  const said = agent === undefined ? 'SSM has never heard of it' : `SSM calls it ${agent.PingStatus}`;
  const where = `it runs in ${instance.SubnetId} with the profile ${instance.IamInstanceProfile?.Arn ?? 'none'}`;
  return {
    code: isUp ? 'AgentNotRegistered' : 'InstanceNotThere',
    class: 'not-found-yet',
    message: isUp
      ? `the SSM agent of ${instanceId} has not registered yet: ${said}; ${where}`
      : `${instanceId} is ${stateOf(instance)} and not ${until} yet`,
    hint: isUp ? classifyCode('AgentNotRegistered').hint : '',
    failures: 0,
    since: new Date(since).toISOString(),
    nextAt: null,
  };
}

function isReached(
  until: AwaitInstanceInput['until'],
  instance: Instance,
  agent: InstanceInformation | undefined,
): boolean {
  const state = stateOf(instance);
  if (until !== 'agent-online') return state === until;
  if (state !== 'running' || agent?.PingStatus !== 'Online') return false;
  // SSM calls an agent online for minutes after its instance has stopped: the ping must be of this boot.
  const { LastPingDateTime: ping } = agent;
  return ping === undefined || instance.LaunchTime === undefined || ping >= instance.LaunchTime;
}

function refuseDeadEnd(input: AwaitInstanceInput, instance: Instance, waitedMs: number, ran: boolean): void {
  const state = stateOf(instance);
  if (input.until === 'terminated') return;
  if (state === 'shutting-down' || state === 'terminated') throw ended(input, instance, ran);
  const shouldRun = input.until === 'running' || input.until === 'agent-online';
  if (shouldRun && (state === 'stopped' || state === 'stopping') && waitedMs > STOPPED_PATIENCE_MS)
    throw ended(input, instance, ran);
}

/**
 * Makes the failure of an instance that has ended, with the class of EC2's reason: it decides whether and where to launch another one, and
 * what a person can do. Without a reason the instance is just lost.
 */
function ended(input: AwaitInstanceInput, instance: Instance, ran: boolean) {
  const state = stateOf(instance);
  const reason = instance.StateReason?.Code ?? '';
  const isStopped = state === 'stopped' || state === 'stopping';
  // A failed start leaves its reason; the reason of an earlier stop says nothing about the start.
  const known = classifyCode(reason);
  const tells = reason !== '' && !(isStopped && known.class === 'conflict');
  const plain = isStopped ? STOPPED : LOST;
  const when = isStopped ? '' : ran ? ' after it had run' : ' before it was seen running';
  return failure({
    code: tells ? reason : plain.code,
    class: tells ? known.class : 'conflict',
    message: `${input.instanceId} is ${state}${when}: ${stateReason(instance)} (waiting for it to be ${input.until})`,
    hint: tells ? known.hint : plain.hint,
    nonRetryable: true,
  });
}

const STOPPED = {
  code: 'IncorrectInstanceState',
  hint: 'it is started again; if someone else keeps stopping it, stop them or stop the cluster',
};
const LOST = {
  code: 'InstanceLost',
  hint: 'its slot gets a new instance; look at the reason if it happens again',
};

function unknown(input: AwaitInstanceInput) {
  return failure({
    ...LOST,
    class: 'conflict',
    message: `waiting for ${input.instanceId} to be ${input.until}: EC2 does not know it`,
    nonRetryable: true,
  });
}

function unregistered(
  { instanceId }: AwaitInstanceInput,
  seconds: number,
  instance: Instance,
  agent: InstanceInformation | undefined,
) {
  const { SubnetId: subnet, Placement: placement, IamInstanceProfile: profile } = instance;
  const said = agent === undefined ? 'SSM has never heard of it' : `SSM calls it ${agent.PingStatus}`;
  return failure({
    code: 'AgentNotRegistered',
    class: 'conflict',
    message: `the SSM agent of ${instanceId} has not registered within ${seconds} s: ${said}; the instance runs in ${subnet} (${placement?.AvailabilityZone}) with the profile ${profile?.Arn ?? 'none'}`,
    hint: 'most likely the subnet has no way to SSM: see its route table (internet or NAT gateway), the VPC endpoints ssm, ssmmessages and ec2messages with their groups, and whether the profile may register',
    nonRetryable: true,
  });
}

/** EC2 has forgotten the instance: it was terminated more than an hour ago. */
function gone(id: string): InstanceObservation {
  return instanceView({ InstanceId: id, State: { Name: 'terminated' } });
}
