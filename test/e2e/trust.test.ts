import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { CREDENTIALS, STACK_GUID } from '../../packages/aws-simulator/src/credentials.js';
import type { CallEntry } from '../../packages/aws-simulator/src/record.js';
import { nextLook, PATIENCE_MS } from '../support/patience.js';
import { documentOf, openStackFixture, type StackFixture } from './fixture.js';
import { type OtherKeelson, openOtherKeelson } from './support/other-keelson.js';

const NAME = 'shop';
const REGION = 'eu-west-1';
const HA = { mode: 'ha', health: { gracePeriod: '10s', replaceAfter: '1m' } };

let fixture: StackFixture;
let ec2: EC2Client;
const others: OtherKeelson[] = [];
beforeAll(async () => {
  fixture = await openStackFixture({ nodes: 'paper' });
  const { url: endpoint } = fixture.stack.region;
  ec2 = new EC2Client({ region: REGION, endpoint, credentials: CREDENTIALS.admin });
  expect(await fixture.keelson('apply', '-f', fixture.document(NAME, HA), '--wait')).toMatchObject({ code: 0 });
});
afterAll(async () => {
  for (const other of others) await other.close();
  ec2?.destroy();
  await fixture?.close();
});

const open = async (...args: Parameters<typeof openOtherKeelson>): Promise<OtherKeelson> => {
  const other = await openOtherKeelson(...args);
  others.push(other);
  return other;
};

const statusOf = (name = NAME) => fixture.client.workflow.getHandle(`cluster/${name}`).query<StatusView>('status');
const idsOf = ({ nodes }: StatusView) => nodes.map((node) => node.instanceId ?? '').sort();
const calls = async () => (await fixture.region<{ calls: CallEntry[] }>('record')).calls;

async function until(what: string, name: string, holds: (seen: StatusView) => boolean): Promise<StatusView> {
  const began = performance.now();
  for (;;) {
    const seen = await statusOf(name);
    if (holds(seen)) return seen;
    if (performance.now() > began + PATIENCE_MS)
      throw new Error(`never ${what}: ${JSON.stringify(seen, null, 1).slice(0, 4_000)}`);
    await nextLook(began);
  }
}

async function stateOf(id: string): Promise<string | undefined> {
  const { Reservations: found } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return found?.[0]?.Instances?.[0]?.State?.Name;
}

/** What was asked of AWS about this very instance that changes it, or sends it something. */
async function touching(id: string): Promise<string[]> {
  const made = (await calls()).filter(({ action, params, instanceIds }) => {
    if (/^(Describe|List|Get|RunInstances$)/.test(action)) return false;
    return instanceIds.includes(id) || JSON.stringify(params).includes(id);
  });
  // The administrator of this test has tagged it.
  return made.map(({ action }) => action).filter((action) => action !== 'CreateTags');
}

/** An instance that someone in the account has launched, with another profile and type than Keelson's. */
async function foreign(tags: Record<string, string> = {}): Promise<string> {
  const [own] = (await ec2.send(new DescribeInstancesCommand({}))).Reservations ?? [];
  const Tags = tagsOf(tags);
  const { Instances: [one] = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: own?.Instances?.[0]?.ImageId,
      InstanceType: 't3.small',
      MinCount: 1,
      MaxCount: 1,
      IamInstanceProfile: { Name: 'some-other-profile' },
      ...(Tags.length > 0 && { TagSpecifications: [{ ResourceType: 'instance', Tags }] }),
    }),
  );
  return one?.InstanceId ?? '';
}

const tagsOf = (tags: Record<string, string>): Tag[] =>
  Object.entries(tags).map(([name, Value]) => ({ Key: `keelson:${name}`, Value }));

const isForeign = (id: string) => (seen: StatusView) =>
  seen.conditions.some(
    ({ type, status, reason, message }) =>
      type === 'InstancesOwned' && status === 'False' && reason === 'ForeignInstance' && message.includes(id),
  );

describe('another Temporal namespace with the same bucket', () => {
  let other: OtherKeelson;
  beforeAll(async () => {
    other = await open(fixture, 'staging');
  });

  it('cannot apply a document of the name of a live cluster: exit 4 names the owner, and nothing is stored', async () => {
    // Prepare
    const before = await statusOf();
    const from = (await calls()).length;

    // Act
    const ran = await other.keelson(
      'apply',
      '-f',
      fixture.document(NAME, { ...HA, tags: { by: 'staging' } }),
      '--wait',
    );

    // Assess
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain(`the Temporal namespace default (installation ${STACK_GUID}) owns ${NAME}`);
    expect(ran.stderr).toContain(`--adopt ${before.uid}`);
    const puts = (await calls()).slice(from).filter(({ action, params }) => {
      return action === 'PutObject' && JSON.stringify(params).includes('config.yaml');
    });
    expect(puts).toEqual([]);
  });

  it('cannot start its workflow either: it ends as refused, and has neither made nor written anything', async () => {
    // Prepare
    const before = await statusOf();

    // Act
    const started = await other.client.workflow.start('cluster', {
      taskQueue: 'keelson',
      workflowId: `cluster/${NAME}`,
      args: [documentOf(NAME, HA)],
    });
    const error: unknown = await started.result().catch((reason: unknown) => reason);

    // Assess
    const { cause } = error as { cause?: { type?: string; message?: string } };
    expect(cause).toMatchObject({ type: 'Refused' });
    expect(cause?.message).toContain(`owns ${NAME}`);
    expect(await other.keelson('delete', NAME, '--yes', '--wait')).toMatchObject({ code: 3 });
    const after = await statusOf();
    expect(idsOf(after)).toEqual(idsOf(before));
    expect(after).toMatchObject({ uid: before.uid, health: 'Healthy', phase: 'Running' });
  });

  it('gets the cluster by a person’s word, when its workflow is gone', async () => {
    // Prepare
    const before = await statusOf();
    await fixture.client.workflow.getHandle(`cluster/${NAME}`).terminate('the test');
    const file = fixture.document(NAME, HA);

    // Act
    const refused = await other.keelson('apply', '-f', file);
    const wrong = await other.keelson('apply', '-f', file, '--adopt', 'another-uid');
    const adopted = await other.keelson('apply', '-f', file, '--adopt', before.uid, '--wait');
    const handle = other.client.workflow.getHandle(`cluster/${NAME}`);
    const theirs = await handle.query<StatusView>('status');

    // Assess
    expect([refused.code, wrong.code, adopted.code]).toEqual([4, 4, 0]);
    expect(theirs.uid).toBe(before.uid);
    expect(idsOf(theirs)).toEqual(idsOf(before));

    // And back again.
    await handle.terminate('the test');
    const back = await fixture.keelson('apply', '-f', file, '--adopt', before.uid, '--wait');
    expect(back).toMatchObject({ code: 0 });
    expect(idsOf(await statusOf())).toEqual(idsOf(before));
  });
});

describe('another installation in the same account and region', () => {
  it('makes and deletes a cluster of the same name, and neither sees the other’s', async () => {
    // Prepare
    const { url: endpoint } = fixture.stack.region;
    const s3 = new S3Client({ region: REGION, endpoint, credentials: CREDENTIALS.admin, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'keelson-second' }));
    s3.destroy();
    const { accessKeyId, secretAccessKey } = CREDENTIALS.admin;
    // The simulator has one stack: the other installation's policies are not judged.
    const other = await open(fixture, 'second', {
      ...{ KEELSON_BUCKET: 'keelson-second', KEELSON_INSTALLATION: 'second' },
      ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    });
    const before = await statusOf();

    // Act
    const made = await other.keelson('apply', '-f', fixture.document(NAME), '--wait', '-o', 'json');
    const theirs = (JSON.parse(made.stdout) as { status: StatusView }).status;
    const ours = await fixture.keelsonAs(
      'cleaner',
      'orphans',
      '--region',
      REGION,
      '--delete',
      '--yes',
      '--unknown',
      '--after',
      '0',
    );
    const named = ['orphans', '--region', REGION, '--installation', 'second', '--delete', '--yes', '--after', '0'];
    const named4 = await fixture.keelsonAs('cleaner', ...named);
    const stillThere = await stateOf(idsOf(theirs)[0] ?? '');
    const deleted = await other.keelson('delete', NAME, '--yes', '--wait');

    // Assess
    expect(made.code).toBe(0);
    expect(theirs.uid).not.toBe(before.uid);
    expect(idsOf(theirs).filter((id) => idsOf(before).includes(id))).toEqual([]);
    expect(ours).toMatchObject({ code: 0 });
    expect(ours.stdout).not.toContain(idsOf(theirs)[0]);
    expect(named4.code).toBe(4);
    expect(named4.stdout).toContain('of the installation second');
    expect(stillThere).toBe('running');
    expect(deleted.code).toBe(0);
    const after = await statusOf();
    expect(idsOf(after)).toEqual(idsOf(before));
    expect(after).toMatchObject({ health: 'Healthy', phase: 'Running' });
  });
});

describe('an instance with the tags of a cluster and without its proof', () => {
  it('does not become the next generation of a server, gets no command, and is reported', async () => {
    // Prepare
    const before = await statusOf();
    const lost = before.nodes.find(({ slot }) => slot === 'server-1');
    const generation = String((lost?.generation ?? 0) + 1);
    const owner = { installation: STACK_GUID, cluster: NAME, uid: before.uid };
    const attacker = await foreign({ ...owner, slot: 'server-1', generation });

    // Act
    await fixture.region(`instances/${lost?.instanceId}/terminate`, { method: 'POST' });
    await fixture.client.workflow.getHandle(`cluster/${NAME}`).signal('reconcile', { reason: 'the test' });
    const after = await until('replaced', NAME, (seen) => {
      const node = seen.nodes.find(({ slot }) => slot === 'server-1');
      return node?.instanceId !== lost?.instanceId && node?.voter === 'True' && seen.operation === null;
    });
    const told = await until('told', NAME, isForeign(attacker));

    // Assess
    expect(idsOf(after)).not.toContain(attacker);
    expect(after.nodes.find(({ slot }) => slot === 'server-1')).toMatchObject({ generation: Number(generation) });
    expect(await touching(attacker)).toEqual([]);
    expect(await stateOf(attacker)).toBe('running');
    expect(told.conditions.find(({ type }) => type === 'InstancesOwned')?.hint).toContain('does nothing to it');
  });

  it('is neither adopted by a create nor terminated by the delete', async () => {
    // Prepare
    const tags = { installation: STACK_GUID, cluster: 'early', slot: 'server-0', generation: '1' };
    const attacker = await foreign({ ...tags, uid: 'made-up' });
    const bystander = await foreign();

    // Act
    const made = await fixture.keelson('apply', '-f', fixture.document('early'), '--wait');
    const status = await statusOf('early');
    const Tags = tagsOf({ ...tags, uid: status.uid, generation: '7' });
    await ec2.send(new CreateTagsCommand({ Resources: [bystander], Tags }));
    await fixture.client.workflow.getHandle('cluster/early').signal('reconcile', { reason: 'the test' });
    await until('reports both', 'early', (seen) => isForeign(attacker)(seen) && isForeign(bystander)(seen));
    const deleted = await fixture.keelson('delete', 'early', '--yes', '--wait');

    // Assess
    expect(made.code).toBe(0);
    expect(status.uid).not.toBe('made-up');
    expect(idsOf(status)).not.toContain(attacker);
    expect(deleted.code).toBe(0);
    for (const id of [attacker, bystander]) {
      expect(await stateOf(id)).toBe('running');
      expect(await touching(id)).toEqual([]);
    }
  });
});
