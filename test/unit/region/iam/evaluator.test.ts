/** Kept decisions: each depends on all that the policy may ask for, and is what the library says when it is asked again. */
import { describe, expect, it } from 'vitest';
import { ACCOUNT_ID } from '../../../../packages/aws-simulator/src/ec2/network.js';
import type { Check, Keys } from '../../../../packages/aws-simulator/src/iam/check.js';
import { Evaluator, type Judgement } from '../../../../packages/aws-simulator/src/iam/evaluator.js';
import { type Policy, readPolicies, type Statement } from '../../../../packages/aws-simulator/src/iam/policies.js';

const ROLE = `arn:aws:iam::${ACCOUNT_ID}:role/keelson-worker`;
const OTHER = `arn:aws:iam::${ACCOUNT_ID}:role/other`;
const EC2 = `arn:aws:ec2:eu-west-1:${ACCOUNT_ID}`;

const policy = (...statements: (Partial<Statement> & { Action: string[] })[]): Policy => ({
  name: 'Any',
  statements: statements.map((one, index) => ({ Sid: `S${index}`, Effect: 'Allow', Resource: '*', ...one })),
});
const terminate = (keys: Keys, resource = `${EC2}:instance/i-1`): Check => ({
  ...{ action: 'ec2:TerminateInstances', kind: 'instance', resource, keys },
});
const tag = (key: string, value: string): Keys => ({ [`aws:ResourceTag/${key}`]: value });

const OWN = policy({
  Action: ['ec2:TerminateInstances'],
  Resource: [`${EC2}:instance/i-1*`],
  Condition: { StringEquals: { 'aws:ResourceTag/team': 'shop' }, Bool: { 'aws:ViaAWSService': 'false' } },
});
const ASKED = { ...tag('team', 'shop'), 'aws:ViaAWSService': 'false' };

describe('a decision that is kept', () => {
  it.each<[string, Check]>([
    ['another tag', terminate({ ...ASKED, ...tag('team', 'web') })],
    ['no tag', terminate({ 'aws:ViaAWSService': 'false' })],
    ['another condition', terminate({ ...ASKED, 'aws:ViaAWSService': 'true' })],
    ['another resource', terminate(ASKED, `${EC2}:instance/i-2`)],
    ['another action', { ...terminate(ASKED), action: 'ec2:StopInstances' }],
  ])('is not that of a request with %s', async (_, other) => {
    // Prepare
    const evaluator = new Evaluator(OWN, 'identity');

    // Act
    const asked = [terminate(ASKED), other, terminate(ASKED), other];
    const verdicts = await Promise.all(asked.map(async (check) => (await evaluator.judge(ROLE, check)).verdict));

    // Assess
    expect(verdicts).toEqual(['allowed', 'implicit-deny', 'allowed', 'implicit-deny']);
  });

  it('is not that of another principal', async () => {
    // Prepare
    const bucket = policy({ Action: ['s3:GetObject'], Principal: { AWS: ROLE } });
    const evaluator = new Evaluator(bucket, 'resource');
    const check: Check = { action: 's3:GetObject', kind: 'object', resource: 'arn:aws:s3:::keelson/a', keys: {} };

    // Act
    const verdicts = await Promise.all(
      [ROLE, OTHER, ROLE].map(async (principal) => (await evaluator.judge(principal, check)).verdict),
    );

    // Assess
    expect(verdicts).toEqual(['allowed', 'implicit-deny', 'allowed']);
  });

  it('is not that of a request with another value of a variable', async () => {
    // Prepare
    const homes = policy({ Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::keelson/${aws:PrincipalAccount}/*'] });
    const evaluator = new Evaluator(homes, 'identity');
    const check = (account: string): Check => ({
      ...{ action: 's3:GetObject', kind: 'object', resource: 'arn:aws:s3:::keelson/111122223333/a' },
      keys: { 'aws:PrincipalAccount': account },
    });

    // Act
    const verdicts = await Promise.all(
      ['111122223333', '444455556666'].map(async (one) => (await evaluator.judge(ROLE, check(one))).verdict),
    );

    // Assess
    expect(verdicts).toEqual(['allowed', 'implicit-deny']);
  });

  it('names the statements that have decided: a deny before any allow', async () => {
    // Prepare
    const Action = ['ec2:TerminateInstances'];
    const Condition = { StringEquals: { 'aws:ResourceTag/team': 'shop' } };
    const evaluator = new Evaluator(policy({ Action }, { Action, Effect: 'Deny', Condition }, { Action }), 'identity');

    // Act
    const denied = await evaluator.judge(ROLE, terminate(tag('team', 'shop')));
    const allowed = await evaluator.judge(ROLE, terminate(tag('team', 'web')));

    // Assess
    expect(denied).toEqual({ verdict: 'explicit-deny', by: ['S1'] });
    expect(allowed).toEqual({ verdict: 'allowed', by: ['S0', 'S2'] });
  });
});

const { identity, bucket } = readPolicies({
  homeRegion: 'eu-west-1',
  bucket: 'keelson',
  queueUrl: 'https://sqs.example',
  queueArn: `arn:aws:sqs:eu-west-1:${ACCOUNT_ID}:keelson-events`,
  parameters: { GroupsByTag: 'true' },
});

const TAGS = [
  {},
  { 'keelson:cluster': 'shop', 'keelson:installation': 'x', 'keelson:slot': 'server-0' },
  { Name: 'a' },
];
/** Names that a literal of a pattern contains, that contain one, or share its beginning; each beside one of the same length that no policy asks for. */
const NAMES = [
  ...['shop', 'clusters', 'config.yaml', 'my-config.yaml', 'config', 'k3s-server-token', 'Keelson', '*', 'c*l'],
  ...['installation', 'installation-1'],
].flatMap((name) => [name, 'z'.repeat(name.length)]);

const ON: readonly (readonly [kind: string, resource: string, ...actions: string[]])[] = [
  [
    'instance',
    `${EC2}:instance/i-1`,
    'ec2:TerminateInstances',
    'ec2:StopInstances',
    'ec2:RunInstances',
    'ssm:SendCommand',
  ],
  ['volume', `${EC2}:volume/vol-1`, 'ec2:CreateTags', 'ec2:DeleteVolume', 'ec2:AttachVolume'],
  ['security-group', `${EC2}:security-group/sg-1`, 'ec2:AuthorizeSecurityGroupIngress', 'ec2:RunInstances'],
  ...NAMES.flatMap((name) =>
    [`clusters/${name}/config.yaml`, `clusters/shop/${name}`, name, `backups/${name}/a`].map(
      (key) => ['object', `arn:aws:s3:::keelson/${key}`, 's3:GetObject', 's3:PutObject', 's3:DeleteObject'] as const,
    ),
  ),
  ...['i-2', 'i-instance', 'j'].map(
    (id) => ['instance', `${EC2}:instance/${id}`, 'ec2:StopInstances', 'ssm:SendCommand'] as const,
  ),
  ['bucket', 'arn:aws:s3:::keelson', 's3:ListBucket'],
  ['role', `arn:aws:iam::${ACCOUNT_ID}:role/keelson-node`, 'iam:PassRole'],
];

const CHECKS: Check[] = ON.flatMap(([kind, resource, ...actions]) =>
  actions.flatMap((action) =>
    (kind === 'object' ? TAGS.slice(0, 1) : TAGS).flatMap((tags) =>
      ['true', 'false'].flatMap((said) => ({
        ...{ action, kind, resource },
        keys: {
          ...Object.fromEntries(
            Object.entries(tags).flatMap(([key, value]) => [
              [`aws:ResourceTag/${key}`, value],
              [`aws:RequestTag/${key}`, value],
            ]),
          ),
          'aws:TagKeys': Object.keys(tags),
          'aws:PrincipalArn': ROLE,
          'aws:RequestedRegion': 'eu-west-1',
          'aws:SecureTransport': said,
          'aws:ViaAWSService': said,
          'ec2:CreateAction': 'RunInstances',
          'ec2:MetadataHttpTokens': 'required',
          'iam:PassedToService': 'ec2.amazonaws.com',
          's3:signatureAge': said === 'true' ? '0' : '900000000',
        },
      })),
    ),
  ),
);

/** By an evaluator that has kept nothing. */
const asked = (kind: 'identity' | 'resource', whole: Policy, check: Check): Promise<Judgement> =>
  new Evaluator(whole, kind).judge(ROLE, check);

it.each<['identity' | 'resource', string, Policy]>([
  ...Object.entries(identity).map(([name, one]): ['identity', string, Policy] => ['identity', name, one]),
  ['resource', 'bucket', bucket],
])('what is kept is what the library says of the %s policy: %s', async (kind, _, whole) => {
  // Prepare
  const evaluator = new Evaluator(whole, kind);

  // Act
  const judged = await Promise.all(CHECKS.map((check) => evaluator.judge(ROLE, check)));

  // Assess
  expect(judged).toEqual(await Promise.all(CHECKS.map((check) => asked(kind, whole, check))));
});

it('some of these are allowed, some denied by a statement, some by none', async () => {
  // Act
  const each = [identity.worker, bucket].map((whole, index) =>
    CHECKS.map((check) => asked(index === 0 ? 'identity' : 'resource', whole, check)),
  );
  const verdicts = new Set((await Promise.all(each.flat())).map(({ verdict }) => verdict));

  // Assess
  expect([...verdicts].sort()).toEqual(['allowed', 'explicit-deny', 'implicit-deny']);
});
