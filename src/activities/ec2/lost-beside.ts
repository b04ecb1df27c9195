import { type InstanceInformation, paginateDescribeInstanceInformation } from '@aws-sdk/client-ssm';
import { toFailure } from '../../aws/failure.js';
import { chunks } from '../../aws/pages.js';
import { tagValue } from '../../aws/tags.js';
import type { InstanceObservation, LostBeside } from '../../model/observation.js';
import { TAG } from '../../model/tags.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { findInstances } from './find-instances.js';

/** Agents that fail together are noticed together: SSM calls an agent lost after five minutes without a ping. [docs: SSM ping status] */
const TOGETHER_MS = 15 * 60_000;
/** A filter takes 200 values. [docs: EC2 Using_Filtering] */
const CHUNK = 200;

interface Lost {
  view: InstanceObservation;
  lastPing: Date | undefined;
}

/**
 * Counts the agents of Keelson's other clusters that were lost at about the same time in the zone and the subnet of each of these: one
 * failed NAT gateway or endpoint takes one node of a hundred clusters. It asks only when an agent is lost, so that a cluster at rest costs
 * nothing.
 *
 * @returns by instance; empty when none is lost
 */
export async function lostBeside(
  deps: ActivityDeps,
  attempt: ActivityContext,
  region: string,
  lost: readonly Lost[],
  own: readonly InstanceObservation[],
): Promise<Map<string, LostBeside>> {
  if (lost.length === 0) return new Map();
  const others = await otherLost(deps, attempt, region, new Set(own.map((view) => view.id)));
  return new Map(
    lost.map(({ view, lastPing }) => {
      const together = others.filter((one) => isTogether(one.lastPing, lastPing));
      const count = (is: (one: Place) => boolean): number => together.filter(is).length;
      return [
        view.id,
        {
          zone: count(({ zone }) => zone === view.zone),
          subnet: count(({ subnetId }) => subnetId === view.subnetId),
        },
      ];
    }),
  );
}

function isTogether(a: Date | undefined, b: Date | undefined): boolean {
  return a === undefined || b === undefined || Math.abs(a.getTime() - b.getTime()) <= TOGETHER_MS;
}

interface Place {
  zone: string;
  subnetId: string;
  lastPing: Date | undefined;
}

/** Lists the lost agents of the region on running instances of Keelson's other clusters. */
async function otherLost(
  deps: ActivityDeps,
  attempt: ActivityContext,
  region: string,
  own: ReadonlySet<string>,
): Promise<Place[]> {
  const silent = (await lostAgents(deps, attempt, region)).filter((one) => !own.has(one.InstanceId ?? ''));
  const pings = new Map(silent.map((one) => [one.InstanceId ?? '', one.LastPingDateTime]));
  const { id: installation } = await deps.installation();
  const ec2 = deps.clients.ec2(region);
  const running = { Name: 'instance-state-name', Values: ['running'] };
  const found = await Promise.all(
    chunks([...pings.keys()], CHUNK).map((Values) =>
      findInstances(ec2, [{ Name: 'instance-id', Values }, running], attempt.signal, 'ever'),
    ),
  );
  return found
    .flat()
    .filter((instance) => tagValue(instance.Tags, TAG.installation) === installation)
    .map((instance) => ({
      zone: instance.Placement?.AvailabilityZone ?? '',
      subnetId: instance.SubnetId ?? '',
      lastPing: pings.get(instance.InstanceId ?? ''),
    }));
}

async function lostAgents(
  deps: ActivityDeps,
  attempt: ActivityContext,
  region: string,
): Promise<InstanceInformation[]> {
  // SSM refuses two tag filters. [docs: SSM DescribeInstanceInformation]
  const Filters = [{ Key: 'PingStatus', Values: ['ConnectionLost'] }];
  const all: InstanceInformation[] = [];
  try {
    const pages = paginateDescribeInstanceInformation(
      { client: deps.clients.ssm(region), pageSize: 50 },
      { Filters },
      { abortSignal: attempt.signal },
    );
    for await (const page of pages) all.push(...(page.InstanceInformationList ?? []));
    return all;
  } catch (error) {
    if (attempt.signal.aborted) throw error;
    throw toFailure(error, 'DescribeInstanceInformation by PingStatus');
  }
}
