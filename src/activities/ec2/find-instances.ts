import { type EC2Client, type Filter, type Instance, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import { toFailure } from '../../aws/failure.js';
import { allPages, chunks } from '../../aws/pages.js';
import { ownedBy, tagValue } from '../../aws/tags.js';
import type { InstanceView } from '../../model/observation.js';
import { type Owner, TAG } from '../../model/tags.js';
import type { ObserveInput } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { instanceView } from './instance-view.js';

/** Terminated instances stay listed for about an hour. [docs: EC2 instance lifecycle] */
const ALIVE: Filter = {
  Name: 'instance-state-name',
  Values: ['pending', 'running', 'stopping', 'stopped', 'shutting-down'],
};

/** Instances that match all filters, oldest first; terminated ones are left out, or with `ever` shown as long as EC2 lists them. */
export async function findInstances(
  ec2: EC2Client,
  filters: Filter[],
  signal?: AbortSignal,
  which: 'alive' | 'ever' = 'alive',
): Promise<Instance[]> {
  try {
    const pages = paginateDescribeInstances(
      { client: ec2, pageSize: 1_000 },
      { Filters: which === 'alive' ? [...filters, ALIVE] : filters },
      signal === undefined ? {} : { abortSignal: signal },
    );
    const reservations = await allPages(pages, (page) => page.Reservations);
    const instances = reservations.flatMap((reservation) => reservation.Instances ?? []);
    return instances.sort((a, b) => (a.LaunchTime?.getTime() ?? 0) - (b.LaunchTime?.getTime() ?? 0));
  } catch (error) {
    if (signal?.aborted) throw error;
    throw toFailure(error, `DescribeInstances by ${filters.map((filter) => filter.Name).join(', ')}`);
  }
}

export function findOwned(ec2: EC2Client, owner: Owner, signal?: AbortSignal): Promise<Instance[]> {
  return findInstances(ec2, ownedBy(owner), signal);
}

/** A filter takes 200 values. [docs: EC2 Using_Filtering] */
const CHUNK = 200;

/**
 * Every instance of the cluster that is not terminated. One that has lost its tags is not gone: taken for that, it would get a successor and
 * live on beside it. So those that the tags do not show are asked for by id.
 */
export async function observeInstances(
  deps: ActivityDeps,
  attempt: Attempt,
  input: ObserveInput,
): Promise<InstanceView[]> {
  const ec2 = deps.clients.ec2(input.region);
  const owned = await findOwned(ec2, input, attempt.signal);
  const listed = new Set(owned.map((instance) => instance.InstanceId));
  const hidden = input.known.filter((id) => !listed.has(id));
  const others = await Promise.all(
    chunks(hidden, CHUNK).map((Values) => findInstances(ec2, [{ Name: 'instance-id', Values }], attempt.signal)),
  );
  return [
    ...owned.map(instanceView),
    // Right after a launch EC2 may know the id and its tags, and not yet find it by them.
    ...others.flat().map((one) => ({ ...instanceView(one), ...(!isOwned(one, input) && { untagged: true as const }) })),
  ];
}

const isOwned = (instance: Instance, owner: Owner): boolean =>
  tagValue(instance.Tags, TAG.uid) === owner.uid && tagValue(instance.Tags, TAG.cluster) === owner.cluster;
