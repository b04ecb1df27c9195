import type { Instance, InstanceStatus } from '@aws-sdk/client-ec2';
import type { InstanceInformation } from '@aws-sdk/client-ssm';
import { detailOf, toFailure } from '../../aws/failure.js';
import { namedKey, type RegionReader } from '../../aws/readers.js';
import { tagValue } from '../../aws/tags.js';
import type { InstanceObservation } from '../../model/observation.js';
import { type Owner, ownerTags } from '../../model/tags.js';
import type { ObservedInstances, ObserveInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { retryOnce } from '../retry-once.js';
import { sharedAnswer } from '../shared-answer.js';
import { judgeNamed } from './find-cluster.js';
import { instanceView, stateOf } from './instance-view.js';
import { lostBeside } from './lost-beside.js';
import { ownerOf } from './proof.js';
import { failedChecks } from './status-checks.js';

/**
 * Pauses before the next question about an id that EC2 does not show at all. EC2 lists an ended instance as terminated for about an hour,
 * so a missing id is more likely one that this answer left out. [docs: EC2 instance lifecycle, EC2 eventual consistency]
 */
const PAUSES_MS = [500, 1_000, 2_000, 4_000];

/**
 * Returns every instance of the cluster that is not terminated. An instance that has lost its tags still exists: if it counted as gone, its
 * successor would run beside it. An instance that carries the tags without proof is reported as foreign. So Keelson asks by id for
 * instances that the tags do not show, again and again while EC2 shows them neither alive nor terminated. With `checks` it also asks for
 * the status checks and SSM agents of running instances; if one of these calls is refused, the other answers still count.
 */
export async function observeInstances(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: ObserveInput,
): Promise<ObservedInstances> {
  const owner = await ownerOf(deps, input);
  const tagged = await findLiving(deps, attempt, input, owner);
  const { own: owned, foreign } = await judgeNamed(deps, owner, tagged, input.known);
  const listed = new Set(owned.map((instance) => instance.InstanceId));
  const hidden = input.known.filter((id) => !listed.has(id));
  const { alive: others, unlisted } = await findByIds(deps.readers(input.region), attempt, hidden);
  const views: InstanceObservation[] = [
    ...owned.map(instanceView),
    // Right after a launch EC2 may know the id and its tags, and not yet find it by them.
    ...others.map((one) => ({ ...instanceView(one), ...(!isTagged(one, owner) && { untagged: true as const }) })),
  ];
  if (input.checks !== true) return { instances: views, unlisted, failures: [], foreign };
  return { ...(await withChecks(deps, attempt, input.region, views)), unlisted, foreign };
}

/** By name and not by uid, because an instance of another uid is reported, too; in one call for all clusters of the region that look at about the same time. */
async function findLiving(
  deps: ActivityDeps,
  attempt: ActivityContext,
  { region, cluster }: ObserveInput,
  { installation }: Owner,
): Promise<Instance[]> {
  const found = deps.readers(region).living.next(namedKey(installation, cluster));
  return (await sharedAnswer(attempt, `DescribeInstances by the tags of ${cluster}`, found)) ?? [];
}

/** Returns those of the ids that are alive, and those that no answer lists; EC2 lists the others as terminated. */
async function findByIds(
  { instance }: Pick<RegionReader, 'instance'>,
  attempt: ActivityContext,
  ids: readonly string[],
): Promise<{ alive: Instance[]; unlisted: string[] }> {
  const found = new Map<string | undefined, Instance>();
  for (const pauseMs of [0, ...PAUSES_MS]) {
    const missing = ids.filter((id) => !found.has(id));
    if (missing.length === 0) break;
    if (pauseMs > 0) await attempt.sleep(pauseMs);
    const answers = Promise.all(missing.map((id) => instance.next(id)));
    for (const one of await sharedAnswer(attempt, 'DescribeInstances by instance-id', answers))
      if (one !== undefined) found.set(one.InstanceId, one);
  }
  return {
    alive: [...found.values()].filter((instance) => stateOf(instance) !== 'terminated'),
    unlisted: ids.filter((id) => !found.has(id)),
  };
}

const isTagged = (instance: Instance, owner: Owner): boolean =>
  Object.entries(ownerTags(owner)).every(([key, value]) => tagValue(instance.Tags, key) === value);

async function withChecks(
  deps: ActivityDeps,
  attempt: ActivityContext,
  region: string,
  views: InstanceObservation[],
): Promise<Pick<ObservedInstances, 'instances' | 'failures'>> {
  const running = views.filter((view) => view.state === 'running');
  const ids = running.map((view) => view.id);
  const failures: ObservedInstances['failures'] = [];
  const seen = <T>(subject: 'checks' | 'agents', attempted: string, call: () => Promise<T>): Promise<T | null> =>
    retryOnce(attempt, attempted, call).catch((error: unknown) => {
      if (attempt.signal.aborted) throw error;
      failures.push({ subject, error: detailOf(toFailure(error, attempted)) });
      return null;
    });
  const [statuses, regionReport] = await Promise.all([
    seen('checks', 'DescribeInstanceStatus of its instances', () => statusesOf(deps, attempt, region, ids)),
    seen('agents', 'DescribeInstanceInformation of its instances', () =>
      agentsOf(deps, attempt, region, running, views),
    ),
  ]);
  const instances = views.map((view) => {
    const ping = regionReport?.agents.get(view.id)?.PingStatus;
    const failed = failedChecks(statuses?.get(view.id) ?? {});
    const others = regionReport?.beside.get(view.id);
    return {
      ...view,
      ...(failed.length > 0 && { failedChecks: failed }),
      ...(ping !== undefined && { agent: ping === 'Online' ? ('online' as const) : ('lost' as const) }),
      ...(others !== undefined && { lostBeside: others }),
    };
  });
  return { instances, failures };
}

/** One that no longer runs, or that EC2 does not know (yet), has no checks. */
async function statusesOf(
  deps: ActivityDeps,
  attempt: ActivityContext,
  region: string,
  ids: readonly string[],
): Promise<Map<string, InstanceStatus>> {
  const { checks } = deps.readers(region);
  const answers = Promise.all(ids.map((id) => checks.next(id)));
  const found = await sharedAnswer(attempt, `DescribeInstanceStatus of ${ids.length} instances`, answers);
  return new Map(found.flatMap((one) => (one === undefined ? [] : [[one.InstanceId ?? '', one]])));
}

/**
 * Returns what SSM says of registered agents, by instance, through the reader that all waits of the region share. A lost agent says nothing
 * without the agents lost beside it: if those are unknown, no agent counts as lost.
 */
async function agentsOf(
  deps: ActivityDeps,
  attempt: ActivityContext,
  region: string,
  running: readonly InstanceObservation[],
  views: InstanceObservation[],
): Promise<{ agents: Map<string, InstanceInformation>; beside: Awaited<ReturnType<typeof lostBeside>> }> {
  const reader = deps.readers(region);
  const answers = Promise.all(running.map(({ id }) => reader.agent.next(id)));
  const heard = await sharedAnswer(attempt, 'DescribeInstanceInformation of its instances', answers);
  const agents = new Map(heard.flatMap((one) => (one?.InstanceId && one.PingStatus ? [[one.InstanceId, one]] : [])));
  const lost = running.flatMap((view) => {
    const agent = agents.get(view.id);
    return agent === undefined || agent.PingStatus === 'Online' ? [] : [{ view, lastPing: agent.LastPingDateTime }];
  });
  return { agents, beside: await lostBeside(deps, attempt, region, lost, views) };
}
