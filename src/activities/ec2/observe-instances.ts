import type { EC2Client, Instance } from '@aws-sdk/client-ec2';
import type { InstanceInformation } from '@aws-sdk/client-ssm';
import { detailOf, toFailure } from '../../aws/failure.js';
import { chunks } from '../../aws/pages.js';
import { ownedBy, tagValue } from '../../aws/tags.js';
import type { InstanceView } from '../../model/observation.js';
import { type Owner, ownerTags, TAG } from '../../model/tags.js';
import type { ObservedInstances, ObserveInput } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { retryOnce } from '../retry-once.js';
import { judgeNamed } from './find-cluster.js';
import { findInstances } from './find-instances.js';
import { instanceView, stateOf } from './instance-view.js';
import { lostBeside } from './lost-beside.js';
import { ownerOf } from './proof.js';
import { failedChecks, statusChecks } from './status-checks.js';

/** A call takes 200 filter values in all, and there are those of the state. [EC2: FilterLimitExceeded, gjbae1212/gossm#47] */
const CHUNK = 100;

/**
 * Pauses before an id that EC2 does not show at all is asked for again. What has ended is listed as terminated for about an hour, so an id that
 * is not listed is more likely one that this answer left out. [docs: EC2 instance lifecycle, EC2 eventual consistency]
 */
const PAUSES_MS = [500, 1_000, 2_000, 4_000];

/**
 * Every instance of the cluster that is not terminated. One that has lost its tags is not gone: taken for that, it would get a successor and
 * live on beside it. One that carries the tags and is not the cluster's is reported, and is none of its instances. So those that the tags do not show are asked for by id, and again while EC2 shows them neither alive nor terminated. Of those that run, with `checks`, also what the status checks of
 * EC2 and SSM's list of agents say; that one of these is refused hides neither the instances nor the other one.
 */
export async function observeInstances(
  deps: ActivityDeps,
  attempt: Attempt,
  input: ObserveInput,
): Promise<ObservedInstances> {
  const ec2 = deps.clients.ec2(input.region);
  const owner = await ownerOf(deps, input);
  // By name and not by uid: an instance that carries the name with another uid is reported, too.
  const named = ownedBy(owner).filter(({ Name }) => Name !== `tag:${TAG.uid}`);
  const tagged = await findInstances(ec2, named, attempt.signal);
  const { own: owned, foreign } = await judgeNamed(deps, owner, tagged, input.known);
  const listed = new Set(owned.map((instance) => instance.InstanceId));
  const hidden = input.known.filter((id) => !listed.has(id));
  const { alive: others, unlisted } = await findByIds(ec2, attempt, hidden);
  const views: InstanceView[] = [
    ...owned.map(instanceView),
    // Right after a launch EC2 may know the id and its tags, and not yet find it by them.
    ...others.map((one) => ({ ...instanceView(one), ...(!isTagged(one, owner) && { untagged: true as const }) })),
  ];
  if (input.checks !== true) return { instances: views, unlisted, failures: [], foreign };
  return { ...(await withChecks(deps, attempt, input.region, views)), unlisted, foreign };
}

/** Those of the ids that are alive, and those that no answer lists; the others are listed as terminated. */
async function findByIds(
  ec2: EC2Client,
  attempt: Attempt,
  ids: readonly string[],
): Promise<{ alive: Instance[]; unlisted: string[] }> {
  const found = new Map<string | undefined, Instance>();
  for (const pauseMs of [0, ...PAUSES_MS]) {
    const missing = ids.filter((id) => !found.has(id));
    if (missing.length === 0) break;
    if (pauseMs > 0) await attempt.sleep(pauseMs);
    const answers = await Promise.all(
      chunks(missing, CHUNK).map((Values) =>
        findInstances(ec2, [{ Name: 'instance-id', Values }], attempt.signal, 'ever'),
      ),
    );
    for (const instance of answers.flat()) found.set(instance.InstanceId, instance);
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
  attempt: Attempt,
  region: string,
  views: InstanceView[],
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
  const [statuses, sight] = await Promise.all([
    seen('checks', 'DescribeInstanceStatus of its instances', () =>
      statusChecks(deps.clients.ec2(region), ids, attempt.signal),
    ),
    seen('agents', 'DescribeInstanceInformation of its instances', () =>
      agentsOf(deps, attempt, region, running, views),
    ),
  ]);
  const instances = views.map((view) => {
    const ping = sight?.agents.get(view.id)?.PingStatus;
    const failed = failedChecks(statuses?.get(view.id) ?? {});
    const others = sight?.beside.get(view.id);
    return {
      ...view,
      ...(failed.length > 0 && { failedChecks: failed }),
      ...(ping !== undefined && { agent: ping === 'Online' ? ('online' as const) : ('lost' as const) }),
      ...(others !== undefined && { lostBeside: others }),
    };
  });
  return { instances, failures };
}

/**
 * What SSM says of agents, by instance, of those that have registered; through the reader that all waits of the region share. Without what was
 * lost beside it a lost agent tells nothing: where that cannot be seen, no agent is.
 */
async function agentsOf(
  deps: ActivityDeps,
  attempt: Attempt,
  region: string,
  running: readonly InstanceView[],
  views: InstanceView[],
): Promise<{ agents: Map<string, InstanceInformation>; beside: Awaited<ReturnType<typeof lostBeside>> }> {
  const reader = deps.readers(region);
  const heard = await Promise.all(running.map(({ id }) => reader.agent.next(id)));
  const agents = new Map(heard.flatMap((one) => (one?.InstanceId && one.PingStatus ? [[one.InstanceId, one]] : [])));
  const lost = running.flatMap((view) => {
    const agent = agents.get(view.id);
    return agent === undefined || agent.PingStatus === 'Online' ? [] : [{ view, lastPing: agent.LastPingDateTime }];
  });
  return { agents, beside: await lostBeside(deps, attempt, region, lost, views) };
}
