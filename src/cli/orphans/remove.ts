import {
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DescribeInstancesCommand,
  type EC2Client,
  type SecurityGroup,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { AwsClients } from '../../aws/clients.js';
import { hasCode } from '../../aws/error-code.js';
import { toFailure } from '../../aws/failure.js';
import { chunks } from '../../aws/pages.js';
import { findGroups } from '../../aws/security-groups/find.js';
import { closeReferences } from '../../aws/security-groups/references.js';
import type { Tagged } from '../../aws/tagged.js';

const PAUSE_MS = 2_000;
/** Values of one filter, at most. [docs: EC2 Using_Filtering] */
const FILTER_VALUES = 200;
/** An instance takes its time to end; only then are its volume and its group free. */
const PATIENCE_MS = 5 * 60_000;

/** Clients for an account, as `Tagged` names it. */
export type ClientsOf = (account: string | null) => AwsClients;

/** Failures by id; all other ids are gone. */
export type Failures = Map<string, string>;

/**
 * Deletes instances, then volumes, snapshots and groups, one at a time, so that a protected instance does not save the others. It reports
 * what it cannot delete, and continues.
 */
export async function remove(clientsOf: ClientsOf, doomed: readonly Tagged[], signal: AbortSignal): Promise<Failures> {
  const failures: Failures = new Map();
  const of = (kind: Tagged['kind']) => doomed.filter((one) => one.kind === kind);
  const attempt = async (one: Tagged, act: (ec2: EC2Client) => Promise<unknown>): Promise<void> => {
    try {
      await act(clientsOf(one.account).ec2(one.region));
    } catch (error) {
      failures.set(one.id, toFailure(error, `delete ${one.kind} ${one.id}`).message);
    }
  };
  for (const one of of('instance')) {
    await attempt(one, (ec2) => ec2.send(new TerminateInstancesCommand({ InstanceIds: [one.id] })));
  }
  for (const one of of('instance')) {
    if (!failures.has(one.id)) await attempt(one, (ec2) => patiently(() => isGone(ec2, one.id), signal));
  }
  for (const one of of('volume')) {
    const command = new DeleteVolumeCommand({ VolumeId: one.id });
    // Root volumes go with their instance.
    await attempt(one, (ec2) =>
      patiently(() => deleted(ec2.send(command), 'InvalidVolume.NotFound', 'VolumeInUse'), signal),
    );
  }
  for (const one of of('snapshot')) {
    const command = new DeleteSnapshotCommand({ SnapshotId: one.id });
    await attempt(one, (ec2) =>
      patiently(() => deleted(ec2.send(command), 'InvalidSnapshot.NotFound', 'InvalidSnapshot.InUse'), signal),
    );
  }
  for (const [one, ids] of byPlace(of('security-group'))) {
    // Only groups of one cluster refer to each other. A remaining reference shows when the group is deleted.
    if (ids.length < 2) continue;
    const ec2 = clientsOf(one.account).ec2(one.region);
    await closeReferences(ec2, await groupsOf(ec2, ids)).catch(() => undefined);
  }
  for (const one of of('security-group')) {
    const command = new DeleteSecurityGroupCommand({ GroupId: one.id });
    await attempt(one, (ec2) =>
      patiently(() => deleted(ec2.send(command), 'InvalidGroup.NotFound', 'DependencyViolation'), signal),
    );
  }
  return failures;
}

/** Returns the ids by region and account. */
function byPlace(groups: readonly Tagged[]): Iterable<[Tagged, string[]]> {
  const places = new Map<string, [Tagged, string[]]>();
  for (const one of groups) {
    const key = `${one.account} ${one.region}`;
    const [first, ids] = places.get(key) ?? [one, []];
    places.set(key, [first, [...ids, one.id]]);
  }
  return places.values();
}

async function groupsOf(ec2: EC2Client, ids: string[]): Promise<SecurityGroup[]> {
  const lists = chunks(ids, FILTER_VALUES).map((Values) => findGroups(ec2, [{ Name: 'group-id', Values }]));
  return (await Promise.all(lists)).flat();
}

async function isGone(ec2: EC2Client, id: string): Promise<boolean> {
  const { Reservations: found = [] } = await ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [id] }] }),
  );
  return found.flatMap((one) => one.Instances ?? []).every((one) => one.State?.Name === 'terminated');
}

/** @returns false while something still uses it */
async function deleted(answer: Promise<unknown>, absent: string, used: string): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (hasCode(error, absent)) return true;
    if (hasCode(error, used)) return false;
    throw error;
  }
}

async function patiently(done: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await done())) {
    if (signal.aborted) throw new Error('interrupted');
    if (Date.now() > deadline) throw new Error(`still there after ${PATIENCE_MS / 60_000} minutes`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
