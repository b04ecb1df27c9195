/** A region with so many instances that their list takes seconds: it is asked for less often than the rounds come. */
import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  DescribeSecurityGroupsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { observeRegion, RegionMemory } from '#src/activities/watch/observe-region.js';
import type { InstanceStateName } from '#src/model/observation.js';
import { awsError, testClients } from '../support.js';

const ec2 = mockClient(EC2Client);
const ssm = mockClient(SSMClient);
const clients = testClients();
/** Of the list of all instances; a twentieth of the time is theirs. */
const LIST_MS = 2_000;
const ROUND_MS = 15_000;

interface Known {
  id: string;
  cluster: string;
  state: InstanceStateName;
  type: string;
}

let there: Known[] = [];
let memory = new RegionMemory();
const one = (id: string, cluster: string, state: InstanceStateName = 'running', type = 't3.medium'): Known => ({
  id,
  cluster,
  state,
  type,
});
const tags = (cluster: string) => [
  { Key: 'keelson:cluster', Value: cluster },
  { Key: 'keelson:uid', Value: `uid-${cluster}` },
];

/** What the filters of a call leave. */
function matching({ Filters = [] }: Pick<DescribeInstancesCommandInput, 'Filters'>) {
  const values = (name: string) => Filters.find((filter) => filter.Name === name)?.Values;
  const [states, clusters] = [values('instance-state-name'), values('tag:keelson:cluster')];
  return { isAll: states?.includes('running') === true && clusters === undefined, states, clusters };
}

beforeEach(() => {
  vi.useFakeTimers();
  memory = new RegionMemory();
  there = [one('i-1', 'shop'), one('i-2', 'blog'), one('i-3', 'blog')];
  ec2.on(DescribeInstancesCommand).callsFake(async (input) => {
    const { isAll, states, clusters } = matching(input);
    if (isAll) await new Promise((resolve) => setTimeout(resolve, LIST_MS));
    const found = there.filter(
      ({ state, cluster }) => states?.includes(state) && (clusters === undefined || clusters.includes(cluster)),
    );
    const Instances = found.map(({ id, cluster, state, type }) => ({
      InstanceId: id,
      InstanceType: type,
      State: { Name: state },
      Tags: tags(cluster),
    }));
    return { Reservations: [{ Instances }] };
  });
  ec2.on(DescribeInstanceStatusCommand).resolves({});
  ec2.on(DescribeSecurityGroupsCommand).callsFake(async (input) => {
    const { clusters = ['shop', 'blog'] } = matching(input);
    return { SecurityGroups: clusters.map((cluster) => ({ GroupId: `sg-${cluster}`, Tags: tags(cluster) })) };
  });
  ssm.on(DescribeInstanceInformationCommand).resolves({});
});
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
  ssm.reset();
});

/** A round, and then the pause until the next. @param changed clusters that would be reported */
async function round(changed: string[] = []) {
  ec2.resetHistory();
  const attempt = {
    signal: new AbortController().signal,
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };
  const seen = observeRegion(clients, 'eu-west-1', 'inst-1', memory, attempt, () => changed);
  await vi.advanceTimersByTimeAsync(ROUND_MS);
  const { clusters, round: failures } = await seen;
  return {
    failures,
    whole: ec2.commandCalls(DescribeInstancesCommand).filter(({ args }) => matching(args[0].input).isAll).length,
    of: (cluster: string) => clusters?.get(`${cluster}/uid-${cluster}`)?.regionReport,
  };
}

describe('a region whose instances take long to list', () => {
  test('is listed as a whole at times, and between them by what does not run', async () => {
    // Prepare
    const first = await round();
    // Act
    there = [one('i-1', 'shop'), one('i-2', 'blog', 'terminated'), one('i-3', 'blog'), one('i-4', 'blog', 'pending')];
    const lost = await round();
    there = [one('i-1', 'shop'), one('i-2', 'blog', 'terminated'), one('i-3', 'blog'), one('i-4', 'blog')];
    const replaced = await round();
    const whole = await round();
    // Assess
    expect([first, lost, replaced, whole].map((one) => one.whole)).toEqual([1, 0, 0, 1]);
    expect(first.of('blog')).toMatchObject({
      seen: [{ id: 'i-2' }, { id: 'i-3' }],
      groups: { 'sg-blog': expect.any(String) },
    });
    expect(lost.of('blog')).toMatchObject({ seen: [{ id: 'i-3' }], starting: ['i-4'] });
    expect(replaced.of('blog')).toMatchObject({ seen: [{ id: 'i-3' }, { id: 'i-4' }] });
    expect(replaced.of('blog')).not.toHaveProperty('starting');
    expect(whole.of('blog')).toEqual(replaced.of('blog'));
    expect([lost, replaced].map((one) => one.of('shop'))).toEqual([first.of('shop'), first.of('shop')]);
  });

  test('is reported by fresh lists alone: what no list of stopped instances shows is in a report', async () => {
    // Prepare
    await round();
    there = [one('i-1', 'shop', 'running', 't3.large'), one('i-2', 'blog'), one('i-3', 'blog'), one('i-5', 'shop')];
    // Act
    const quiet = await round();
    const told = await round(['shop']);
    // Assess
    expect(quiet.of('shop')).toMatchObject({ seen: [{ id: 'i-1', type: 't3.medium' }] });
    expect(told.whole).toBe(0);
    expect(told.of('shop')).toMatchObject({ seen: [{ id: 'i-1', type: 't3.large' }, { id: 'i-5' }] });
  });

  test('asks for a cluster that seems gone once more, and for the security groups of what it reports', async () => {
    // Prepare
    await round();
    there = [one('i-1', 'shop'), one('i-2', 'blog', 'shutting-down'), one('i-3', 'blog', 'terminated')];
    // Act
    const gone = await round(['blog']);
    // Assess
    expect(gone.of('blog')).toBeUndefined();
    expect(ec2.commandCalls(DescribeSecurityGroupsCommand).map(({ args }) => matching(args[0].input).clusters)).toEqual(
      [['blog']],
    );
  });

  test('reports nothing while the short list is refused, and lists all again once the long one has failed', async () => {
    // Prepare
    await round();
    const answers = ec2.on(DescribeInstancesCommand);
    // Act
    answers.rejects(awsError('UnauthorizedOperation', 'no', 403));
    const refused = await round();
    memory.ration.spent(Number.NEGATIVE_INFINITY, 0);
    const failed = await round();
    // Assess
    expect(refused.failures.instances).toMatchObject({ class: 'auth' });
    expect([refused.of('shop'), refused.whole]).toEqual([undefined, 0]);
    expect(failed.whole).toBeGreaterThan(0);
    expect(memory.ration.isDue(performance.now())).toBe(true);
  });
});
