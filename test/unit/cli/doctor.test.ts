import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsClients, createAwsClients } from '#src/aws/clients.js';
import { callerOf, identityOf } from '#src/cli/doctor/caller.js';
import { Checklist, NotMeasured } from '#src/cli/doctor/checklist.js';
import { permissions } from '#src/cli/doctor/permissions.js';
import { instanceProfile } from '#src/cli/doctor/profile.js';
import { vcpuQuota } from '#src/cli/doctor/quota.js';
import { ssmReach } from '#src/cli/doctor/ssm.js';
import { CliError, EXIT } from '#src/cli/exit.js';
import { clusterSchema } from '#src/model/spec/schema.js';
import { type CallerName, CREDENTIALS } from '../../../packages/aws-simulator/src/credentials.js';
import { launchOne } from '../region/ec2/launch-one.js';
import { startTestRegion, type TestRegion } from '../region/local-region.js';

const REGION = 'eu-west-1';
let region: TestRegion;
const opened: AwsClients[] = [];
beforeAll(async () => {
  region = await startTestRegion();
});
afterAll(async () => {
  for (const one of opened) one.destroy();
  await region.close();
});

function clients(caller: CallerName): AwsClients {
  const credentials = CREDENTIALS[caller];
  const made = createAwsClients({ homeRegion: REGION, version: 'test', endpoint: region.url, credentials });
  opened.push(made);
  return made;
}

const document = (spec: Record<string, unknown> = {}) =>
  clusterSchema.parse({
    apiVersion: 'keelson/v1',
    kind: 'Cluster',
    metadata: { name: 'shop' },
    spec: {
      region: REGION,
      mode: 'ha',
      servers: { instanceType: 't3.medium' },
      k3s: { version: 'v1.34.2+k3s1' },
      ...spec,
    },
  });

/** How the check ends in the list. */
async function checkOf(run: () => Promise<string>) {
  const list = new Checklist();
  await list.add('it', run);
  return list.checks[0];
}

/** The caller's policies with a further statement, or without one. */
function userMay(change: { add?: string[]; without?: string }): void {
  const { policies } = region.iam;
  const { user } = policies.identity;
  const kept = user.statements.filter(({ Sid }) => Sid !== change.without);
  const added = (change.add ?? []).map((action) => ({
    Sid: 'Added',
    Effect: 'Allow' as const,
    Action: [action],
    Resource: '*',
  }));
  const changed = { ...user, statements: [...kept, ...added] };
  region.iam.usePolicies({ ...policies, identity: { ...policies.identity, user: changed } });
}

describe('a check of doctor', () => {
  it('that could not be made is unknown, and fails nothing', async () => {
    // Act
    const list = new Checklist();
    await list.add('a', () => Promise.resolve('seen'));
    await list.add('b', () => Promise.reject(new NotMeasured('not allowed to ask', 'ask the admin')));
    await list.add('c', () => Promise.reject(new CliError(EXIT.refused, 'it is wrong', 'mend it')));

    // Assess
    expect(list.failed).toBe(1);
    expect(list.checks).toEqual([
      { check: 'a', result: 'ok', message: 'seen', hint: '' },
      { check: 'b', result: 'unknown', message: 'not allowed to ask', hint: 'ask the admin' },
      { check: 'c', result: 'failed', message: 'it is wrong', hint: 'mend it' },
    ]);
  });
});

describe('permissions', () => {
  const check = async () => {
    const aws = clients('user');
    return checkOf(async () => permissions(aws, REGION, await callerOf(aws, REGION), 'keelson-test'));
  };

  it('are unknown to those who may not simulate', async () => {
    userMay({});
    expect(await check()).toMatchObject({
      result: 'unknown',
      message: 'your credentials are not allowed to ask (iam:SimulatePrincipalPolicy)',
    });
  });

  it('are all there with UserPolicy', async () => {
    userMay({ add: ['iam:SimulatePrincipalPolicy'] });
    expect(await check()).toMatchObject({
      result: 'ok',
      message: '11 actions allowed for arn:aws:iam::000000000000:role/keelson-user',
    });
  });

  it('that are missing are named, each with what it is for', async () => {
    userMay({ add: ['iam:SimulatePrincipalPolicy'], without: 'Want' });
    expect(await check()).toMatchObject({
      result: 'failed',
      message: expect.stringContaining('s3:PutObject on arn:aws:s3:::keelson-test/clusters/doctor/config.yaml'),
      hint: expect.stringContaining('UserPolicyArn'),
    });
  });

  it.each([
    ['arn:aws:sts::111122223333:assumed-role/dev/alice', 'arn:aws:iam::111122223333:role/dev'],
    ['arn:aws-cn:sts::111122223333:assumed-role/dev/i-0', 'arn:aws-cn:iam::111122223333:role/dev'],
    ['arn:aws:iam::111122223333:user/team/alice', 'arn:aws:iam::111122223333:user/team/alice'],
    ['arn:aws:iam::111122223333:root', null],
    ['arn:aws:sts::111122223333:federated-user/alice', null],
  ])('of %s are those of %s', (arn, identity) => {
    expect(identityOf(arn)).toBe(identity);
  });
});

describe('the quota of vCPUs', () => {
  beforeAll(async () => {
    userMay({});
    await launchOne(region);
  });

  it('is compared with what runs and what the document needs', async () => {
    const check = await checkOf(() => vcpuQuota(clients('user'), REGION, document()));
    expect(check).toMatchObject({
      result: 'ok',
      message: expect.stringMatching(/^standard on-demand vCPUs: \d+ allowed, 2 in use, shop needs 6$/),
    });
  });

  it('that is too small fails, with the command that asks for more', async () => {
    region.world.faults.add({ point: 'quota', data: { value: 7 } });
    const check = await checkOf(() => vcpuQuota(clients('user'), REGION, document()));
    region.world.faults.remove();
    expect(check).toMatchObject({
      result: 'failed',
      message: 'standard on-demand vCPUs: 7 allowed, 2 in use, shop needs 6',
      hint: expect.stringContaining('--desired-value 8 --region eu-west-1'),
    });
  });

  it('says what it does not know: other families, and what runs', async () => {
    userMay({ add: ['servicequotas:GetServiceQuota', 'ec2:DescribeInstanceTypes'], without: 'Diagnose' });
    const pools = [{ name: 'gpu', count: 2, instanceType: 'g5.xlarge' }];
    const check = await checkOf(() => vcpuQuota(clients('user'), REGION, document({ pools })));
    userMay({});
    expect(check?.message).toContain('not allowed (ec2:DescribeInstances), shop needs 6; g5.xlarge have quotas');
  });

  it('is unknown to those who may not ask', async () => {
    expect(await checkOf(() => vcpuQuota(clients('cleaner'), REGION, null))).toMatchObject({
      result: 'unknown',
      message: expect.stringContaining('servicequotas:GetServiceQuota'),
    });
  });
});

describe('the instance profile', () => {
  it('is there with its role, is not, or is not named', async () => {
    // Act
    const there = await checkOf(() => instanceProfile(clients('user'), REGION, 'keelson-node'));
    const unnamed = await checkOf(() => instanceProfile(clients('user'), REGION, undefined));
    const foreign = await checkOf(() => instanceProfile(clients('user'), REGION, 'other'));
    region.world.faults.add({ point: 'instance-profile', match: { name: 'keelson-node' }, effect: 'unknown' });
    const gone = await checkOf(() =>
      instanceProfile(clients('user'), REGION, 'arn:aws:iam::000000000000:instance-profile/keelson-node'),
    );
    region.world.faults.remove();

    // Assess
    expect(there).toMatchObject({ result: 'ok', message: 'keelson-node, with role keelson-node' });
    expect(unnamed).toMatchObject({ result: 'unknown' });
    expect(foreign).toMatchObject({ result: 'unknown', message: expect.stringContaining('iam:GetInstanceProfile') });
    expect(gone).toMatchObject({ result: 'failed', message: expect.stringContaining('there is no instance profile') });
  });
});

describe('the reach of SSM', () => {
  it('is unknown without NodeAccessPolicy', async () => {
    expect(await checkOf(() => ssmReach(clients('user'), REGION, 'shop'))).toMatchObject({
      result: 'unknown',
      hint: expect.stringContaining('NodeAccessPolicy'),
    });
  });
});
