/**
 * What each role may do, by IAM's evaluation of the template's policies; the page of the docs is this test's snapshot. `npx vitest run -u` on this
 * file writes it again.
 */
import { describe, expect, it } from 'vitest';
import type { Check, Keys } from '../../../../packages/aws-simulator/src/iam/check.js';
import { Evaluator } from '../../../../packages/aws-simulator/src/iam/evaluator.js';
import { type Policy, readPolicies, type Statement } from '../../../../packages/aws-simulator/src/iam/policies.js';
import { NODE_ROLE_ARN } from '../../../../packages/aws-simulator/src/iam/principals.js';

const ACCOUNT = '000000000000';
const role = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/keelson`;
const QUEUE = `arn:aws:sqs:eu-west-1:${ACCOUNT}:keelson-events`;
const TOPIC = `arn:aws:sns:eu-west-1:${ACCOUNT}:alerts`;
const BUS = `arn:aws:events:eu-west-1:${ACCOUNT}:event-bus/alerts`;
const OURS = 'inst-1';

const { identity, bucket } = readPolicies({
  homeRegion: 'eu-west-1',
  bucket: 'ops',
  queueUrl: 'https://sqs.example',
  queueArn: QUEUE,
  parameters: {
    Installation: OURS,
    WorkerArns: role('worker'),
    KubeconfigReaderArns: role('reader'),
    NotifyTopicArn: TOPIC,
    NotifyEventBusArn: BUS,
  },
});

/** What counts here of AWS's managed policies ReadOnlyAccess and SecurityAudit. [AWS managed policy reference] */
const READ_ONLY: Policy = {
  name: 'ReadOnlyAccess',
  statements: [
    {
      Sid: 'Read',
      Effect: 'Allow',
      Action: [
        's3:Get*',
        's3:List*',
        'ec2:Describe*',
        'ssm:Describe*',
        'ssm:Get*',
        'ssm:List*',
        'kms:Describe*',
        'kms:List*',
      ],
      Resource: '*',
    } satisfies Statement,
  ],
};
/** Of a principal that may do all with S3 and its keys, but is not named in the template. */
const S3_FULL: Policy = {
  name: 'AmazonS3FullAccess',
  statements: [{ Sid: 'All', Effect: 'Allow', Action: ['s3:*', 'kms:*'], Resource: '*' }],
};

/** The simulator's user has the optional policy for `run` on nodes, too. */
const RUNS = new Set(['RunCommandsDocument', 'RunCommandsOnOwnInstances', 'FollowCommands']);
const plainUser: Policy = {
  name: 'UserPolicy',
  statements: identity.user.statements.filter(({ Sid }) => !RUNS.has(Sid)),
};

const PRINCIPALS = {
  worker: { arn: role('worker'), policy: identity.worker },
  user: { arn: role('user'), policy: plainUser },
  'user in KubeconfigReaderArns': { arn: role('reader'), policy: plainUser },
  'user who may run commands on nodes': { arn: role('user'), policy: identity.user },
  cleaner: { arn: role('cleaner'), policy: identity.cleaner },
  node: { arn: NODE_ROLE_ARN, policy: identity.node },
  ReadOnlyAccess: { arn: role('auditor'), policy: READ_ONLY },
  'all of S3 and KMS': { arn: role('storage'), policy: S3_FULL },
} as const;
type Name = keyof typeof PRINCIPALS;
const NAMES = Object.keys(PRINCIPALS) as Name[];

const object = (action: string, key: string, keys: Keys = {}): Check[] => [
  { action, resource: `arn:aws:s3:::ops/${key}`, kind: 'object', keys: { 's3:signatureAge': '0', ...keys } },
  {
    action: action === 's3:PutObject' ? 'kms:GenerateDataKey' : 'kms:Decrypt',
    resource: KEY,
    kind: 'key',
    keys: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' },
    viaService: true,
  },
];
const instance = (action: string, keys: Keys, tag = 'aws:ResourceTag'): Check => ({
  action,
  resource: `arn:aws:ec2:eu-west-1:${ACCOUNT}:instance/i-1`,
  kind: 'instance',
  keys: Object.fromEntries(Object.entries(keys).map(([key, value]) => [key.replace('tag:', `${tag}/keelson:`), value])),
});
const launch = (keys: Keys): Check[] => [
  instance(
    'ec2:RunInstances',
    {
      'tag:installation': OURS,
      'ec2:MetadataHttpTokens': 'required',
      'ec2:MetadataHttpPutResponseHopLimit': '1',
      ...keys,
    },
    'aws:RequestTag',
  ),
];
const own = { 'tag:installation': OURS };
const foreign = { 'tag:installation': 'inst-2' };
const modify = (attribute: string, keys: Keys = own): Check[] => [
  instance('ec2:ModifyInstanceAttribute', { ...keys, 'ec2:Attribute': attribute }),
];
const plain = (action: string, resource = '*', kind: string | null = null, keys: Keys = {}): Check[] => [
  { action, resource, kind, keys },
];
const pass = (name: string): Check[] =>
  plain('iam:PassRole', name, 'role', { 'iam:PassedToService': 'ec2.amazonaws.com' });
const command = (keys: Keys): Check[] => [
  ...plain('ssm:SendCommand', 'arn:aws:ssm:eu-west-1::document/AWS-RunShellScript', 'document'),
  instance('ssm:SendCommand', keys, 'ssm:resourceTag'),
];

const told = (bus: string, source: string): Check[] =>
  plain('events:PutEvents', bus, 'event-bus', { 'events:source': source });

/** What it is, by what AWS asks for it: all of these must be allowed. */
const ROWS: Record<string, Check[]> = {
  'read a token of a cluster': object('s3:GetObject', 'clusters/shop/k3s-server-token'),
  'read an old version of a token': object('s3:GetObjectVersion', 'clusters/shop/k3s-agent-token'),
  'read a token by a URL that was signed four minutes ago': object('s3:GetObject', 'clusters/shop/k3s-server-token', {
    's3:signatureAge': '240000',
  }),
  'the same, six minutes ago': object('s3:GetObject', 'clusters/shop/k3s-server-token', {
    's3:signatureAge': '360000',
  }),
  'read the key that proves instances (`installation-key`)': object('s3:GetObject', 'installation-key'),
  'read a kubeconfig': object('s3:GetObject', 'clusters/shop/kubeconfig'),
  'read an old version of a kubeconfig': object('s3:GetObjectVersion', 'clusters/shop/kubeconfig'),
  'read the snapshot of a backup': object('s3:GetObject', 'backups/shop/uid/2026-03-01T12-30-05Z.snapshot'),
  'read the token of a backup': object('s3:GetObject', 'backups/shop/uid/2026-03-01T12-30-05Z.agent-token'),
  'read which backups there are': object('s3:GetObject', 'backups/shop/uid/2026-03-01T12-30-05Z.json'),
  'store a backup': object('s3:PutObject', 'backups/shop/uid/2026-03-01T12-30-05Z.snapshot'),
  'store a token': object('s3:PutObject', 'clusters/shop/k3s-server-token'),
  'store a kubeconfig': object('s3:PutObject', 'clusters/shop/kubeconfig'),
  'change the owner of a name (`owner.json`)': object('s3:PutObject', 'clusters/shop/owner.json'),
  'read `config.yaml`': object('s3:GetObject', 'clusters/shop/config.yaml'),
  'store `config.yaml`': object('s3:PutObject', 'clusters/shop/config.yaml'),
  'read `status.yaml`': object('s3:GetObject', 'clusters/shop/status.yaml'),
  'read other objects of the bucket': object('s3:GetObject', 'other/file'),
  'launch an instance of the installation': launch({}),
  'the same, without its tag': launch({ 'tag:installation': 'inst-2' }),
  'the same, with metadata that needs no token': launch({ 'ec2:MetadataHttpTokens': 'optional' }),
  'the same, with metadata that pods reach (hop limit 2)': launch({ 'ec2:MetadataHttpPutResponseHopLimit': '2' }),
  "hand the stack's role to an instance": pass(NODE_ROLE_ARN),
  'hand another role to an instance': pass(role('Administrator')),
  'stop or terminate an instance of the installation': [
    instance('ec2:StopInstances', own),
    instance('ec2:TerminateInstances', own),
  ],
  'terminate an instance of the installation': [instance('ec2:TerminateInstances', own)],
  'terminate another instance': [instance('ec2:TerminateInstances', foreign)],
  'change the type of an instance of the installation': modify('instanceType'),
  'keep its root volume': modify('BlockDeviceMapping'),
  'change its user data': modify('userData'),
  'change its groups': modify('groupSet'),
  'change the type of another instance': modify('instanceType', foreign),
  'set tags on an instance of the installation': [instance('ec2:CreateTags', own)],
  'set tags on another instance': [instance('ec2:CreateTags', foreign)],
  'run a script on an instance of the installation': command(own),
  'run a script on another instance': command(foreign),
  'see what was run, and its output (no secrets)': plain('ssm:ListCommands'),
  'read a parameter of the account': plain(
    'ssm:GetParameter',
    `arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/prod/password`,
    'parameter',
  ),
  'register as a node and take its commands': plain('ssmmessages:OpenControlChannel'),
  'take events': plain('sqs:ReceiveMessage', QUEUE, 'queue'),
  'write events': plain('sqs:SendMessage', QUEUE, 'queue'),
  'tell the topic of `NotifyTopicArn`': plain('sns:Publish', TOPIC, 'topic'),
  'tell another topic': plain('sns:Publish', `${TOPIC}-2`, 'topic'),
  'tell the event bus of `NotifyEventBusArn` in its own name (`keelson`)': told(BUS, 'keelson'),
  'the same, in the name of another source': told(BUS, 'billing'),
  'tell another event bus': told(`${BUS}-2`, 'keelson'),
};

const bucketPolicy = new Evaluator(bucket, 'resource');
const evaluators = new Map(NAMES.map((name) => [name, new Evaluator(PRINCIPALS[name].policy, 'identity')]));

/** An explicit deny anywhere wins; else within one account an allow by either policy is enough. */
async function may(name: Name, checks: readonly Check[]): Promise<boolean> {
  const { arn } = PRINCIPALS[name];
  for (const check of checks) {
    const global: Keys =
      check.viaService === true ? {} : { 'aws:RequestedRegion': 'eu-west-1', 'aws:SecureTransport': 'true' };
    const whole = { ...check, keys: { 'aws:PrincipalArn': arn, ...global, ...check.keys } };
    const verdicts = [await evaluators.get(name)?.judge(arn, whole)];
    if (check.action.startsWith('s3:')) verdicts.push(await bucketPolicy.judge(arn, whole));
    const said = verdicts.map((one) => one?.verdict);
    if (said.includes('explicit-deny') || !said.includes('allowed')) return false;
  }
  return true;
}

const allowed = async (what: string): Promise<Name[]> => {
  const verdicts = await Promise.all(NAMES.map((name) => may(name, ROWS[what] ?? [])));
  return NAMES.filter((_, index) => verdicts[index]);
};

const INTRO = `<!-- Made by test/unit/region/iam/permissions-table.test.ts: edit the table there, then run it with -u. -->

# Permissions

What the policies of [\`deploy/aws/keelson.yaml\`](../../deploy/aws/keelson.yaml) allow, evaluated by
[@cloud-copilot/iam-simulate](https://www.npmjs.com/package/@cloud-copilot/iam-simulate) with the stack's defaults. \`worker\`, \`user\`, \`cleaner\` and
\`node\` have the policies of these names. The last two columns stand for other principals of the account: one with AWS's managed policy
ReadOnlyAccess, and one with all rights on S3 and KMS. Administrators of the account can change the policies themselves.
`;

describe('the permissions of each role', () => {
  it('are those of the page', async () => {
    const rows = await Promise.all(
      Object.keys(ROWS).map(async (what) => {
        const who = await allowed(what);
        return `| ${what} | ${NAMES.map((name) => (who.includes(name) ? 'yes' : '')).join(' | ')} |`;
      }),
    );
    const head = `| what | ${NAMES.join(' | ')} |\n|---|${'---|'.repeat(NAMES.length)}`;

    await expect(`${INTRO}\n${head}\n${rows.join('\n')}\n`).toMatchFileSnapshot(
      '../../../../docs/reference/permissions.md',
    );
  });

  it.each([
    'read a token of a cluster',
    'read the key that proves instances (`installation-key`)',
    'read the snapshot of a backup',
    'read the token of a backup',
    'store a backup',
    'store a token',
    'store a kubeconfig',
    'change the owner of a name (`owner.json`)',
    'change the type of an instance of the installation',
    'change its groups',
    'launch an instance of the installation',
  ])('leave it to the worker to %s', async (what) => {
    expect(await allowed(what)).toEqual(['worker']);
  });

  it('give kubeconfigs to the worker and to those who are named', async () => {
    expect(await allowed('read a kubeconfig')).toEqual(['worker', 'user in KubeconfigReaderArns']);
  });

  it.each([
    'read an old version of a token',
    'read an old version of a kubeconfig',
    'the same, six minutes ago',
    'the same, without its tag',
    'the same, with metadata that needs no token',
    'the same, with metadata that pods reach (hop limit 2)',
    'hand another role to an instance',
    'terminate another instance',
    'change its user data',
    'change the type of another instance',
    'set tags on another instance',
    'run a script on another instance',
    'write events',
    'tell another topic',
    'the same, in the name of another source',
    'tell another event bus',
  ])('let no role %s', async (what) => {
    expect(await allowed(what)).toEqual([]);
  });
});

describe('the bucket of the stack', () => {
  it('refuses a forged kubeconfig of those who may write everything in S3', async () => {
    expect(await may('all of S3 and KMS', ROWS['store a kubeconfig'] ?? [])).toBe(false);
    expect(await may('all of S3 and KMS', ROWS['read other objects of the bucket'] ?? [])).toBe(true);
  });
});
