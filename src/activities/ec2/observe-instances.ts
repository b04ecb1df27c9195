import type { Instance } from '@aws-sdk/client-ec2';
import type { InstanceInformation } from '@aws-sdk/client-ssm';
import { toFailure } from '../../aws/failure.js';
import { chunks } from '../../aws/pages.js';
import { tagValue } from '../../aws/tags.js';
import type { InstanceView } from '../../model/observation.js';
import { type Owner, TAG } from '../../model/tags.js';
import type { ObserveInput } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { findInstances, findOwned } from './find-instances.js';
import { instanceView } from './instance-view.js';
import { lostBeside } from './lost-beside.js';
import { failedChecks, statusChecks } from './status-checks.js';

/** A call takes 200 filter values in all, and there are those of the state. [EC2: FilterLimitExceeded, gjbae1212/gossm#47] */
const CHUNK = 100;

/**
 * Every instance of the cluster that is not terminated. One that has lost its tags is not gone: taken for that, it would get a successor and
 * live on beside it. So those that the tags do not show are asked for by id. Of those that run, with `checks`, also what the status checks of
 * EC2 and SSM's list of agents say.
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
  const views: InstanceView[] = [
    ...owned.map(instanceView),
    // Right after a launch EC2 may know the id and its tags, and not yet find it by them.
    ...others.flat().map((one) => ({ ...instanceView(one), ...(!isOwned(one, input) && { untagged: true as const }) })),
  ];
  return input.checks === true ? withChecks(deps, attempt, input.region, views) : views;
}

const isOwned = (instance: Instance, owner: Owner): boolean =>
  tagValue(instance.Tags, TAG.uid) === owner.uid && tagValue(instance.Tags, TAG.cluster) === owner.cluster;

async function withChecks(
  deps: ActivityDeps,
  attempt: Attempt,
  region: string,
  views: InstanceView[],
): Promise<InstanceView[]> {
  const running = views.filter((view) => view.state === 'running');
  const ids = running.map((view) => view.id);
  const [statuses, agents] = await Promise.all([
    statusChecks(deps.clients.ec2(region), ids, attempt.signal),
    agentsOf(deps, attempt, region, ids),
  ]);
  const lost = running.flatMap((view) => {
    const agent = agents.get(view.id);
    return agent === undefined || agent.PingStatus === 'Online' ? [] : [{ view, lastPing: agent.LastPingDateTime }];
  });
  const beside = await lostBeside(deps, attempt, region, lost, views);
  return views.map((view) => {
    const ping = agents.get(view.id)?.PingStatus;
    const failed = failedChecks(statuses.get(view.id) ?? {});
    const others = beside.get(view.id);
    return {
      ...view,
      ...(failed.length > 0 && { failedChecks: failed }),
      ...(ping !== undefined && { agent: ping === 'Online' ? ('online' as const) : ('lost' as const) }),
      ...(others !== undefined && { lostBeside: others }),
    };
  });
}

/** What SSM says of agents, by instance, of those that have registered; through the reader that all waits of the region share. */
async function agentsOf(
  deps: ActivityDeps,
  attempt: Attempt,
  region: string,
  ids: string[],
): Promise<Map<string, InstanceInformation>> {
  const reader = deps.readers(region);
  try {
    const agents = await Promise.all(ids.map((id) => reader.agent.next(id)));
    return new Map(agents.flatMap((one) => (one?.InstanceId && one.PingStatus ? [[one.InstanceId, one]] : [])));
  } catch (error) {
    if (attempt.signal.aborted) throw error;
    throw toFailure(error, 'DescribeInstanceInformation of its instances');
  }
}
