import { DescribeInstanceStatusCommand, type EC2Client, type InstanceStatus } from '@aws-sdk/client-ec2';
import { hasCode, messageOf } from './error-code.js';
import { chunks } from './pages.js';

/** Number of InstanceIds in one call, without MaxResults [docs: EC2 DescribeInstanceStatus]. That call has no filter `instance-id`. */
const MOST_IDS = 100;

/**
 * Reads the status checks of running instances, by id. An instance that no longer runs, or that EC2 does not know (yet), has none.
 *
 * @throws the error of a call
 */
export async function statusChecks(ec2: EC2Client, ids: readonly string[]): Promise<Map<string, InstanceStatus>> {
  const lists = await Promise.all(chunks(ids, MOST_IDS).map((part) => statusesOf(ec2, part)));
  return new Map(lists.flat().map((one) => [one.InstanceId ?? '', one]));
}

/**
 * One id that EC2 does not know fails the call for all the others, and the error names it [docs: EC2 error codes]. Terminated instances
 * stay known for an hour, new ones may be unknown for minutes [docs: EC2 eventual consistency]: the next call leaves them out.
 */
async function statusesOf(ec2: EC2Client, ids: string[]): Promise<InstanceStatus[]> {
  if (ids.length === 0) return [];
  try {
    const answer = await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: ids }));
    return answer.InstanceStatuses ?? [];
  } catch (error) {
    if (!hasCode(error, 'InvalidInstanceID.NotFound')) throw error;
    const message = messageOf(error);
    const rest = ids.filter((id) => !message.includes(id));
    if (rest.length < ids.length) return statusesOf(ec2, rest);
    // The message names no id: halving finds the unknown one.
    if (ids.length === 1) return [];
    const halves = chunks(ids, Math.ceil(ids.length / 2)).map((half) => statusesOf(ec2, half));
    return (await Promise.all(halves)).flat();
  }
}
