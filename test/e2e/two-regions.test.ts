import { CreateSecurityGroupCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { CREDENTIALS, STACK_GUID } from '../../packages/aws-simulator/src/credentials.js';
import type { CallEntry } from '../../packages/aws-simulator/src/record.js';
import { documentOf, openStackFixture, type Ran, type StackFixture } from './fixture.js';

const NORTH = 'eu-west-1';
const SOUTH = 'us-east-1';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture({ nodes: 'paper' });
});
afterAll(() => fixture?.close());

const apply = (name: string, region: string, ...more: string[]) =>
  fixture.keelson('apply', '-f', fixture.document(name, { region }), ...more);
const handle = (name: string) => fixture.client.workflow.getHandle(`cluster/${name}`);
/** What a list in JSON holds. */
function listed<Item>({ code, stdout, stderr }: Ran): Item[] {
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as { items: Item[] }).items;
}
const orphans = (...more: string[]) => fixture.keelsonAs('cleaner', 'orphans', '-o', 'json', ...more);

/** Calls of EC2 and SSM; S3's go to the bucket's region whatever cluster they are for. */
async function calls(): Promise<CallEntry[]> {
  const record = await fixture.region<{ calls: CallEntry[] }>('record');
  return record.calls.filter((call) => call.service !== 's3');
}

/** Regions in which something was asked or done that names the cluster or an instance of its. */
async function regionsOf(name: string): Promise<string[]> {
  const { launches } = await fixture.region<{ launches: { id: string; tags: Record<string, string> }[] }>(
    'record?calls=false',
  );
  const ids = launches.filter(({ tags }) => tags['keelson:cluster'] === name).map(({ id }) => id);
  const about = (await calls()).filter((call) => {
    const text = JSON.stringify(call.params);
    return text.includes(name) || [...call.instanceIds, text].some((one) => ids.some((id) => one.includes(id)));
  });
  expect(about.length).toBeGreaterThan(10);
  return [...new Set(about.map((call) => call.region))];
}

describe('two names in two regions', () => {
  it('are made side by side, each in its own', async () => {
    // Act
    const ran = await Promise.all([apply('north', NORTH, '--wait'), apply('south', SOUTH, '--wait')]);

    // Assess
    expect(ran.map(({ code }) => code)).toEqual([0, 0]);
    expect(await regionsOf('north')).toEqual([NORTH]);
    expect(await regionsOf('south')).toEqual([SOUTH]);
  });

  it('are stopped one by one: each command reaches its own region', async () => {
    // Act
    expect(await fixture.keelson('stop', 'south', '--wait')).toMatchObject({ code: 0 });

    // Assess
    const stops = (await calls()).filter((call) => call.action === 'StopInstances');
    expect([...new Set(stops.map((call) => call.region))]).toEqual([SOUTH]);
    expect(await handle('north').query<StatusView>('status')).toMatchObject({ phase: 'Running' });
    expect(await regionsOf('north')).toEqual([NORTH]);
    expect(await regionsOf('south')).toEqual([SOUTH]);
    expect(await fixture.keelson('start', 'south', '--wait')).toMatchObject({ code: 0 });
  });
});

describe('one name in two regions', () => {
  it('is refused, with the region where it is', async () => {
    // Act
    const refused = await apply('north', SOUTH);

    // Assess
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(`runs in ${NORTH}`);
    expect(await regionsOf('north')).toEqual([NORTH]);
  });

  it('is refused also by the workflow itself', async () => {
    const document = documentOf('north', { region: SOUTH });
    await expect(handle('north').executeUpdate('apply', { args: [{ document }] })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('region') },
    });
  });

  it('is refused when its workflow is lost', async () => {
    // Prepare
    await handle('north').terminate('test');

    // Act
    const refused = await apply('north', SOUTH);

    // Assess
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(NORTH);
    expect(await apply('north', NORTH, '--wait')).toMatchObject({ code: 0 });
    expect(await regionsOf('north')).toEqual([NORTH]);
  });
});

describe('what has no workflow behind it', () => {
  it('is nothing while all workflows are open', async () => {
    expect(listed(await orphans())).toEqual([]);
  });

  it('is found in the region where it is, with type, size and price', async () => {
    // Prepare
    await handle('south').terminate('test');
    const prices = fixture.file('prices.yaml', 'instances: { t3.medium: 0.05 }\nvolumes: { gp3: 0.1 }\n');

    // Act
    const elsewhere = await orphans('--region', NORTH);
    const everywhere = await orphans('--prices', prices);

    // Assess
    expect(listed(elsewhere)).toEqual([]);
    expect(JSON.parse(everywhere.stdout).items).toMatchObject([
      { kind: 'instance', region: SOUTH, cluster: 'south', type: 't3.medium', monthly: 36.5, known: true },
      { kind: 'volume', region: SOUTH, cluster: 'south', type: 'gp3', sizeGiB: 30 },
      { kind: 'security-group', region: SOUTH, cluster: 'south', createdAt: null },
    ]);
    expect((await fixture.keelsonAs('cleaner', 'orphans')).stdout).toContain('workflow terminated');
  });

  it('is left alone where there is no such region', async () => {
    const ran = await orphans('--region', 'eu-west-9', '--delete', '--yes');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('eu-west-9');
  });

  it('is deleted on demand, and nothing else is', async () => {
    // Act
    const deleted = await orphans('--delete', '--yes', '--after', '1');

    // Assess
    expect(deleted.stderr).toContain('looking again in 1 s');
    const outcomes = listed<{ outcome: string }>(deleted).map((one) => one.outcome);
    expect(outcomes).toEqual(['deleted', 'deleted', 'deleted']);
    const left = { instances: [], volumes: [], snapshots: [], securityGroups: [] };
    expect(await fixture.region('leftovers?cluster=south')).toMatchObject(left);
    expect(await handle('north').query<StatusView>('status')).toMatchObject({ phase: 'Running', health: 'Healthy' });
    expect(listed(await orphans())).toEqual([]);
  });

  it('is not deleted unasked where this Temporal never knew its cluster', async () => {
    // Prepare
    await strangersGroup();

    // Act
    const refused = await orphans('--delete', '--yes', '--after', '0');
    const forced = await orphans('--delete', '--yes', '--unknown', '--after', '0');

    // Assess
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('TEMPORAL_NAMESPACE');
    expect(JSON.parse(refused.stdout).items).toMatchObject([{ cluster: 'stranger', known: false, outcome: 'refused' }]);
    expect(forced.code).toBe(0);
    expect(JSON.parse(forced.stdout).items).toMatchObject([{ cluster: 'stranger', outcome: 'deleted' }]);
  });
});

/** As another Keelson of the same account would have made it. */
async function strangersGroup(): Promise<void> {
  const ec2 = new EC2Client({ region: NORTH, endpoint: fixture.stack.region.url, credentials: CREDENTIALS.admin });
  const { Vpcs: vpcs = [] } = await ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['true'] }] }),
  );
  const tags = { 'keelson:installation': STACK_GUID, 'keelson:cluster': 'stranger', 'keelson:uid': 'uid-9' };
  const Tags = Object.entries(tags).map(([Key, Value]) => ({
    Key,
    Value,
  }));
  const TagSpecifications = [{ ResourceType: 'security-group' as const, Tags }];
  const request = { GroupName: 'keelson-stranger', Description: 'of another Keelson', VpcId: vpcs[0]?.VpcId };
  await ec2.send(new CreateSecurityGroupCommand({ ...request, TagSpecifications }));
  ec2.destroy();
}
