/** STS of the simulator: who may assume the role of the other account, and what the credentials are good for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeInstancesCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallerName, CREDENTIALS } from '../../../../packages/aws-simulator/src/credentials.js';
import { type Region, startRegion } from '../../../../packages/aws-simulator/src/server.js';

const ROLE = 'arn:aws:iam::222222222222:role/keelson/keelson-member';
const REGION = 'eu-west-1';
let dir: string;
let region: Region;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-sts-'));
  region = await startRegion({ dir, profile: 'fast', bucket: 'ops' });
});
afterAll(async () => {
  await region.close();
  rmSync(dir, { recursive: true, force: true });
});

const optionsOf = (credentials: object) => ({
  region: REGION,
  endpoint: region.url,
  maxAttempts: 1,
  credentials: credentials as (typeof CREDENTIALS)['worker'],
});
async function assume(caller: CallerName, more: object = {}) {
  const sts = new STSClient(optionsOf(CREDENTIALS[caller]));
  const { Credentials: given } = await sts.send(
    new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'keelson-shop', ExternalId: 'keelson-local', ...more }),
  );
  return {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  };
}
const vpcsOf = async (credentials: object) => {
  const { Vpcs: vpcs = [] } = await new EC2Client(optionsOf(credentials)).send(new DescribeVpcsCommand({}));
  return vpcs;
};

describe('the role of another account', () => {
  it('gives credentials with which EC2 shows that account, and not the first one', async () => {
    const [theirs, ours] = [await vpcsOf(await assume('worker')), await vpcsOf(CREDENTIALS.admin)];
    expect(theirs.map(({ OwnerId }) => OwnerId)).toEqual(['222222222222', '222222222222']);
    expect(theirs.filter(({ VpcId }) => ours.some((one) => one.VpcId === VpcId))).toEqual([]);
  });

  it.each([
    ['without the external id', 'worker', { ExternalId: undefined }],
    ['with another external id', 'worker', { ExternalId: 'someone-else' }],
    ['whose trust policy does not name the caller', 'user', {}],
    ['that does not exist', 'worker', { RoleArn: ROLE.replace('member', 'other') }],
    ['of an account that there is not', 'worker', { RoleArn: ROLE.replace('2222', '3333') }],
    ['that the policy of the worker does not name', 'worker', { RoleArn: ROLE.replace('keelson/', 'other/') }],
  ] as const)('is refused alike %s', async (_, caller, more) => {
    await expect(assume(caller, more)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(
        new RegExp(
          `^User: arn:aws:sts::000000000000:assumed-role/keelson-${caller}/\\S+ is not authorized to perform: sts:AssumeRole on resource`,
        ),
      ),
    });
  });

  it('has no right on the bucket, which is of the first account', async () => {
    const s3 = new S3Client({ ...optionsOf(await assume('worker')), forcePathStyle: true });
    const get = s3.send(new GetObjectCommand({ Bucket: 'ops', Key: 'clusters/shop/status.yaml' }));
    await expect(get).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('gives credentials that end, and that are nothing without their token', async () => {
    const given = await assume('worker');
    const describe = (credentials: object) =>
      new EC2Client(optionsOf(credentials)).send(new DescribeInstancesCommand({}));
    await expect(describe({ ...given, sessionToken: undefined })).rejects.toMatchObject({ name: 'AuthFailure' });
    region.sessions.expire();
    await expect(describe(given)).rejects.toMatchObject({ name: 'RequestExpired' });
  });

  it.each([
    ['a session of more than an hour', { DurationSeconds: 7_200 }],
    ['a name of a session with a space', { RoleSessionName: 'a b' }],
  ])('is not given for %s', async (_, more) => {
    await expect(assume('worker', more)).rejects.toMatchObject({ name: 'ValidationError' });
  });
});
