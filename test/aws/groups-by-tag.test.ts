/** With GroupsByTag of deploy/aws/keelson.yaml the worker uses the groups that it has made, and those that people have opened to it by a tag. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeSecurityGroupsCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { STACK_GUID } from '../../packages/aws-simulator/src/credentials.js';
import { readPolicies } from '../../packages/aws-simulator/src/iam/policies.js';
import { type Region, startRegion } from '../../packages/aws-simulator/src/server.js';
import { BUCKET, failureOf, REGION, run } from './support/fixture.js';
import { launch, makeGroups, place } from './support/make.js';
import { Scene } from './support/scene.js';

const TAG = 'keelson-join';
const BY_TAG = readPolicies({
  homeRegion: REGION,
  bucket: BUCKET,
  queueUrl: 'http://127.0.0.1/000000000000/keelson-events',
  queueArn: `arn:aws:sqs:${REGION}:000000000000:keelson-events`,
  parameters: { KmsKeyArn: 'none', GroupsByTag: 'true' },
});

let dir: string;
let region: Region;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-groups-'));
  region = await startRegion({ dir, profile: 'fast', bucket: BUCKET });
});
afterAll(async () => {
  await region?.close();
  rmSync(dir, { recursive: true, force: true });
});

let scene: Scene;
beforeEach(async () => {
  scene = new Scene(region);
  region.iam.usePolicies(BY_TAG);
  await open((await defaultGroup()).GroupId ?? '');
});
afterEach(() => scene.close());

let made = 0;
/** A group of someone else in the default VPC. */
async function groupOfOthers(tags: Record<string, string> = {}): Promise<string> {
  made += 1;
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const { GroupId = '' } = await scene.admin().ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: `of-others-${made}`,
      Description: 'x',
      VpcId: (await defaultGroup()).VpcId,
      ...(Tags.length > 0 && { TagSpecifications: [{ ResourceType: 'security-group', Tags }] }),
    }),
  );
  return GroupId;
}

/** Of the default VPC. */
async function defaultGroup() {
  const vpc = region.ec2.accounts.get(REGION)?.defaultVpc()?.id ?? '';
  const Filters = [
    { Name: 'vpc-id', Values: [vpc] },
    { Name: 'group-name', Values: ['default'] },
  ];
  const { SecurityGroups: [group] = [] } = await scene.admin().ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  if (group === undefined) throw new Error('the default VPC has no default group');
  return group;
}

const open = (id: string) =>
  scene.admin().ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: TAG, Value: STACK_GUID }] }));
const joined = (groupIds: string[], instanceId: string) =>
  run(scene.activities.setInstanceGroups, { ...scene.scope, instanceId, groupIds, named: [] });

describe('a worker that may use groups by tag alone', () => {
  it('tells before anything is made that it may not ask by the default group, and goes on once that has the tag', async () => {
    // Prepare
    const { GroupId = '' } = await defaultGroup();
    await scene.admin().ec2.send(new DeleteTagsCommand({ Resources: [GroupId], Tags: [{ Key: TAG }] }));

    // Act
    const failure = await failureOf(place(scene));
    await open(GroupId);
    const { launchConfig } = await place(scene);

    // Assess
    expect(failure).toMatchObject({ code: 'GroupNotJoinable', class: 'auth' });
    expect(failure.message).toContain(GroupId);
    expect(failure.hint).toMatch(/the tag keelson-join with the id of the installation/);
    expect(launchConfig.subnets.length).toBeGreaterThan(0);
  });

  it('launches and changes instances in the groups that it has made', async () => {
    const { id } = await launch(scene);
    await joined(await makeGroups(scene), id);
  });

  it('refuses a document with a group that is not open, before anything is made, and takes one that is', async () => {
    // Prepare
    const network = { extraSecurityGroupIds: [await groupOfOthers()] };

    // Act
    const failure = await failureOf(place(scene, { network }));
    await open(network.extraSecurityGroupIds[0] ?? '');
    await place(scene, { network });

    // Assess
    expect(failure).toMatchObject({ code: 'GroupNotJoinable', class: 'auth' });
    expect(failure.message).toContain(network.extraSecurityGroupIds[0]);
  });

  it.each([
    ['no tag', {}],
    ['the tag of another installation', { [TAG]: 'another' }],
  ])('puts no instance into a group with %s', async (_what, tags) => {
    // Prepare
    const instance = await scene.instance();
    const own = await makeGroups(scene);
    const theirs = await groupOfOthers(tags);

    // Act
    const failure = await failureOf(joined([...own, theirs], instance));
    await open(theirs);
    await joined([...own, theirs], instance);

    // Assess
    expect(failure).toMatchObject({ code: 'UnauthorizedOperation', class: 'auth' });
    expect(failure.message).toContain(theirs);
  });
});

describe('a worker of a stack with its defaults', () => {
  it('puts its instances into any group', async () => {
    // Prepare
    region.iam.usePolicies(region.iam.policies);
    const instance = await scene.instance();

    // Act
    await joined([await groupOfOthers()], instance);

    // Assess
    const { ec2 } = region;
    expect(ec2.accounts.get(REGION)?.instances.get(instance)?.state).toBe('running');
  });
});
