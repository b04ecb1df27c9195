import { type EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { hasCode } from '../../aws/error-code.js';
import { toFailure } from '../../aws/failure.js';
import type { InstancesInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import { requireClaim } from '../claim.js';
import type { ActivityDeps } from '../deps.js';
import { awaitInstance } from './await-instance.js';
import { requireOwn } from './proof.js';

/** Terminates the given instances, as far as they exist, and waits until all are terminated. */
export async function terminateInstances(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: InstancesInput,
): Promise<void> {
  if (input.instanceIds.length === 0) return;
  const ec2 = deps.clients.ec2(input.region);
  // One id that EC2 has forgotten would fail the call for all.
  const [found] = await Promise.all([requireOwn(deps, input, input.instanceIds), requireClaim(deps, input)]);
  const ids = found.flatMap((instance) => instance.InstanceId ?? []);
  await terminate(ec2, ids);
  await Promise.all(
    ids.map((instanceId) => awaitInstance(deps, attempt, { ...input, instanceId, until: 'terminated' })),
  );
}

/**
 * Asks for termination; EC2 answers for an instance that is shutting down like a success. One refused instance fails the whole call; then
 * each gets its own call, and the refusal is thrown after the last.
 */
export async function terminate(ec2: EC2Client, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  try {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
  } catch (error) {
    if (ids.length === 1 || !hasCode(error, 'OperationNotPermitted', 'InvalidInstanceID.NotFound'))
      throw toFailure(error, `TerminateInstances ${ids.join(', ')}`);
    const refused: unknown[] = [];
    for (const id of ids) await terminate(ec2, [id]).catch((reason: unknown) => refused.push(reason));
    if (refused.length > 0) throw refused[0];
  }
}
