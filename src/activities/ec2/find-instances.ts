import { type EC2Client, type Filter, type Instance, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import { toFailure } from '../../aws/failure.js';
import { allPages } from '../../aws/pages.js';

/** Terminated instances stay listed for about an hour. [docs: EC2 instance lifecycle] */
const ALIVE: Filter = {
  Name: 'instance-state-name',
  Values: ['pending', 'running', 'stopping', 'stopped', 'shutting-down'],
};

/**
 * Finds the instances that match all filters, oldest first, without terminated ones, or with `ever` including those that EC2 still lists.
 */
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
