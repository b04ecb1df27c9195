import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import type { Instance } from '../../packages/aws-simulator/src/contract.js';
import type { CallEntry } from '../../packages/aws-simulator/src/record.js';
import { openStackFixture, type Ran, type StackFixture } from './fixture.js';

const MEMBER = '222222222222';
const account = {
  roleArn: `arn:aws:iam::${MEMBER}:role/keelson/keelson-member`,
  externalId: 'keelson-local',
};
const access = { instanceProfile: `arn:aws:iam::${MEMBER}:instance-profile/keelson-node` };

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture({ nodes: 'paper' });
});
afterAll(() => fixture?.close());

const apply = (name: string, spec: object, ...more: string[]): Promise<Ran> =>
  fixture.keelson('apply', '-f', fixture.document(name, { account, access, ...spec }), '--wait', ...more);
const statusOf = (name: string): Promise<StatusView> =>
  fixture.client.workflow.getHandle(`cluster/${name}`).query<StatusView>('status');

/** Those of a cluster that are not gone, by account. */
async function instancesOf(name: string): Promise<Instance[]> {
  const all = await fixture.region<Instance[]>('instances');
  return all.filter(({ tags, state }) => tags['keelson:cluster'] === name && state !== 'terminated');
}

/** What the worker has made or changed in EC2 and SSM with its own credentials; an early event may have it look for the instance there. */
async function changesInOwnAccount(): Promise<CallEntry[]> {
  const { calls } = await fixture.region<{ calls: CallEntry[] }>('record');
  return calls.filter(
    ({ caller, service, action }) =>
      caller === 'worker' && (service === 'ec2' || service === 'ssm') && !action.startsWith('Describe'),
  );
}

describe('a cluster in another account', () => {
  const spec = { mode: 'ha' };
  const pools = [{ name: 'workers', count: 1, instanceType: 't3.medium' }];

  it('is made there, and nothing in the first account', async () => {
    expect(await apply('shop', spec)).toMatchObject({ code: 0 });
    const made = await instancesOf('shop');
    expect(made).toHaveLength(3);
    expect(new Set(made.map((one) => one.account))).toEqual(new Set([MEMBER]));
    expect(await changesInOwnAccount()).toEqual([]);
    expect(await statusOf('shop')).toMatchObject({ account: MEMBER, phase: 'Running', health: 'Healthy' });
  });

  it('is named with its account by plan, status, list and explain', async () => {
    const [planned, shown, listed, explained] = await Promise.all([
      fixture.keelson('plan', '-f', fixture.document('other', { account, access })),
      fixture.keelson('status', 'shop'),
      fixture.keelson('list', '-o', 'json'),
      fixture.keelson('explain', 'shop', '-o', 'json'),
    ]);
    expect(planned.stdout).toContain(`account ${MEMBER}, as ${account.roleArn}`);
    expect(shown.stdout).toContain(`eu-west-1, account ${MEMBER}`);
    expect(JSON.parse(listed.stdout)).toMatchObject({ items: [{ name: 'shop', account: MEMBER }] });
    expect(JSON.parse(explained.stdout)).toMatchObject({ account: MEMBER });
  });

  it('is observed by a watch of its own, in sessions that tell what they are for', async () => {
    const watch = await fixture.client.workflow.getHandle(`region-watch/eu-west-1/${MEMBER}`).describe();
    expect(watch.status.name).toBe('RUNNING');
    const { calls } = await fixture.region<{ calls: CallEntry[] }>('record');
    const sessions = calls
      .filter((one) => one.service === 'sts' && one.caller === 'worker')
      .map((one) => one.params['RoleSessionName']);
    expect(sessions).toEqual(expect.arrayContaining(['keelson-shop', 'keelson-region-watch']));
    // `plan` of the document `other` is answered by what the account has told `shop`, for five minutes.
    expect(sessions).toEqual(sessions.map(() => expect.stringMatching(/^keelson-(shop|region-watch|other)$/)));
  });

  it('is changed there', async () => {
    expect(await apply('shop', { ...spec, pools })).toMatchObject({ code: 0 });
    const made = await instancesOf('shop');
    expect(made.map((one) => one.account)).toEqual([MEMBER, MEMBER, MEMBER, MEMBER]);
  });

  it('is repaired there when someone terminates a server', async () => {
    // Prepare
    const lost = (await statusOf('shop')).nodes.find(({ slot }) => slot === 'server-1');

    // Act
    await fixture.region(`instances/${lost?.instanceId}/terminate`, { method: 'POST' });

    // Assess
    await expect
      .poll(async () => {
        const { nodes, operation, health } = await statusOf('shop');
        const server = nodes.find(({ slot }) => slot === 'server-1');
        return { ready: server?.ready, isNew: server?.instanceId !== lost?.instanceId, operation, health };
      })
      .toEqual({ ready: 'True', isNew: true, operation: null, health: 'Healthy' });
    expect(new Set((await instancesOf('shop')).map((one) => one.account))).toEqual(new Set([MEMBER]));
  });

  it('is not moved to another account', async () => {
    const roleArn = account.roleArn.replace(MEMBER, '333333333333');
    const refused = await apply('shop', {
      ...spec,
      pools,
      account: { ...account, roleArn },
      access: { instanceProfile: 'keelson-node' },
    });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('a cluster does not move to another account');
  });

  it('is deleted there, and leaves nothing in either account', async () => {
    expect(await fixture.keelson('delete', 'shop', '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.region('leftovers?cluster=shop')).toMatchObject({ total: 0 });
    expect(await fixture.region('duplicates')).toEqual([]);
    expect(await changesInOwnAccount()).toEqual([]);
  });
});

describe('a role that the worker may not assume', () => {
  const wrong = { ...account, externalId: 'someone-else' };

  it('is reported with its cause, and a corrected document goes on', async () => {
    // Prepare
    const refused = await apply('late', { account: wrong });
    const explained = await fixture.keelson('explain', 'late');

    // Act
    const retried = await apply('late', {});

    // Assess
    expect(refused.code).toBe(1);
    expect(explained.stdout).toContain('AssumeRoleRefused');
    expect(explained.stdout).toMatch(/assumed-role\/keelson-worker\/\S+ may not assume arn:aws:iam::222222222222:role/);
    expect(explained.stdout).toContain('sts:ExternalId');
    expect(explained.stdout).not.toContain('someone-else');
    expect(retried).toMatchObject({ code: 0 });
    expect(new Set((await instancesOf('late')).map((one) => one.account))).toEqual(new Set([MEMBER]));
  });
});

describe('a cluster whose role could never be assumed', () => {
  it('is deleted without it, for nothing can have been made', async () => {
    // Prepare
    const roleArn = `arn:aws:iam::${MEMBER}:role/no-such-role`;
    const refused = await apply('never', { account: { ...account, roleArn } });

    // Act
    const deleted = await fixture.keelson('delete', 'never', '--yes', '--wait');

    // Assess
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('AssumeRoleRefused');
    expect(deleted, deleted.stderr).toMatchObject({ code: 0 });
    expect(await fixture.region('leftovers?cluster=never')).toMatchObject({ total: 0 });
  });
});

describe('what a lost workflow has left in another account', () => {
  it('is found by its role, and deleted', async () => {
    // Prepare
    await fixture.client.workflow.getHandle('cluster/late').terminate('test');
    const orphans = (...more: string[]) =>
      fixture.keelsonAs('worker', 'orphans', '-o', 'json', '--role-arn', account.roleArn, ...more);

    // Act
    const found = await orphans('--external-id', account.externalId);
    const deleted = await orphans('--external-id', account.externalId, '--delete', '--yes', '--after', '0');

    // Assess
    expect(JSON.parse(found.stdout)).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ kind: 'instance', account: MEMBER, cluster: 'late' })]),
    });
    expect(deleted.code).toBe(0);
    const left = { instances: [], volumes: [], snapshots: [], securityGroups: [] };
    expect(await fixture.region('leftovers?cluster=late')).toMatchObject(left);
  });
});
