import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assumedRole, sessionNameOf } from '#src/aws/assumed-role.js';

const ACCOUNT = { roleArn: 'arn:aws:iam::222222222222:role/keelson/keelson-member', externalId: 'ours' };
const HOUR_MS = 3_600_000;
const sts = mockClient(STSClient);
let time: number;
let keys: number;

/** Another key each time. */
const given = () => {
  keys += 1;
  const part = { AccessKeyId: `key-${keys}`, SecretAccessKey: 's', SessionToken: 't' };
  return { Credentials: { ...part, Expiration: new Date(time + HOUR_MS) } };
};

beforeEach(() => {
  [time, keys] = [0, 0];
  sts.on(AssumeRoleCommand).callsFake(given);
});
afterEach(() => sts.reset());

const credentials = () => assumedRole(new STSClient({ region: 'eu-west-1' }), ACCOUNT, 'shop', () => time);
const denied = (message: string) => Object.assign(new Error(message), { name: 'AccessDenied' });

describe('credentials of a role in another account', () => {
  test('are asked for with the external id, in a session that names the cluster', async () => {
    await credentials()();
    expect(sts.calls()[0]?.args[0].input).toMatchObject({
      RoleArn: ACCOUNT.roleArn,
      ExternalId: 'ours',
      RoleSessionName: 'keelson-shop',
    });
  });

  test('are asked for once by all who need them at the same time', async () => {
    const source = credentials();
    const given = await Promise.all(Array.from({ length: 20 }, source));
    expect(new Set(given.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['key-1']));
    expect(sts.calls()).toHaveLength(1);
  });

  test('are refreshed before they end', async () => {
    const source = credentials();
    await source();
    time = HOUR_MS - 11 * 60_000;
    expect((await source()).accessKeyId).toBe('key-1');
    time = HOUR_MS - 9 * 60_000;
    expect((await source()).accessKeyId).toBe('key-2');
  });

  test('are asked for again after a refusal, which says who may not assume what, and why that may be', async () => {
    const source = credentials();
    sts
      .on(AssumeRoleCommand)
      .rejectsOnce(
        denied(
          'User: arn:aws:sts::111111111111:assumed-role/keelson-worker/i-1 is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222222222222:role/keelson/keelson-member',
        ),
      )
      // A second behaviour for the same command replaces the first one: what comes after the refusal is said here.
      .callsFake(given);
    await expect(source()).rejects.toMatchObject({
      type: 'auth',
      message:
        'arn:aws:sts::111111111111:assumed-role/keelson-worker/i-1 may not assume arn:aws:iam::222222222222:role/keelson/keelson-member in the account 222222222222 with the external id of spec.account.externalId (AssumeRole: AccessDenied)',
      details: [{ code: 'AssumeRoleRefused', hint: expect.stringMatching(/trust policy.*sts:ExternalId/) }],
    });
    expect((await source()).accessKeyId).toBe('key-1');
  });

  test('that STS does not give for another reason are reported as that', async () => {
    sts.on(AssumeRoleCommand).rejectsOnce(Object.assign(new Error('Rate exceeded'), { name: 'Throttling' }));
    await expect(credentials()()).rejects.toMatchObject({ type: 'throttled' });
  });
});

test('a session name has at most 64 letters that STS takes', () => {
  expect(sessionNameOf('a b/ü'.repeat(30))).toMatch(/^keelson-[\w+=,.@-]{56}$/);
});
