/** The policies of docs/how-to/aws-add-ons.md, judged as they stand there by the calls that the add-ons make. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Keys } from '../../../../packages/aws-simulator/src/iam/check.js';
import { Evaluator } from '../../../../packages/aws-simulator/src/iam/evaluator.js';
import { readPolicies, type Statement } from '../../../../packages/aws-simulator/src/iam/policies.js';

const PAGE = readFileSync(new URL('../../../../docs/how-to/aws-add-ons.md', import.meta.url), 'utf8');
const ROLE = 'arn:aws:iam::000000000000:role/keelson-node';
const EC2 = 'arn:aws:ec2:eu-west-1:000000000000';

type Written = Statement & { Action: string | string[] };

/** The policy in so-manieth JSON block of the page. */
function policyOf(name: string, index: number): Evaluator {
  const json = [...PAGE.matchAll(/```json\n(.*?)```/gs)][index]?.[1] ?? '';
  const text = json.replaceAll('ACCOUNT', '000000000000').replaceAll('PREFIX', 'shop/');
  const { Statement: statements } = JSON.parse(text) as { Statement: Written[] };
  return new Evaluator(
    { name, statements: statements.map((one) => ({ ...one, Action: [one.Action].flat() })) },
    'identity',
  );
}

const tagged = (tags: Record<string, string>): Keys =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
const asked = (tags: Record<string, string>): Keys =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value]));

/** What the driver puts on all that it makes. [aws-ebs-csi-driver: docs/tagging.md] */
const CSI = { 'ebs.csi.aws.com/cluster': 'true', CSIVolumeName: 'pvc-1' };
const NODE = { 'keelson:cluster': 'shop', 'keelson:installation': 'inst-1' };

const of = (kind: string, keys: Keys = {}, id = '1') => ({
  kind,
  resource: kind === 'snapshot' ? `arn:aws:ec2:eu-west-1::snapshot/${id}` : `${EC2}:${kind}/${id}`,
  keys,
});
const anything = { kind: null, resource: '*', keys: {} };

type On = ReturnType<typeof of> | typeof anything;
const may = async (policy: Evaluator, action: string, on: On): Promise<boolean> =>
  (await policy.judge(ROLE, { action, ...on })).verdict === 'allowed';

describe('the policy of the EBS CSI driver', () => {
  const policy = policyOf('ebs-csi', 0);

  it.each<[string, On]>([
    ['ec2:DescribeVolumes', anything],
    ['ec2:DescribeInstances', anything],
    ['ec2:DescribeAvailabilityZones', anything],
    ['ec2:DescribeVolumesModifications', anything],
    ['ec2:CreateVolume', of('volume', asked(CSI), '*')],
    ['ec2:CreateVolume', of('snapshot', tagged(CSI))],
    ['ec2:CreateTags', of('volume', { 'ec2:CreateAction': 'CreateVolume' }, '*')],
    ['ec2:AttachVolume', of('volume', tagged(CSI))],
    ['ec2:AttachVolume', of('instance', tagged(NODE))],
    ['ec2:DetachVolume', of('volume', tagged(CSI))],
    ['ec2:DetachVolume', of('instance', tagged(NODE))],
    ['ec2:ModifyVolume', of('volume', tagged(CSI))],
    ['ec2:CreateSnapshot', of('snapshot', asked(CSI), '*')],
    ['ec2:CreateSnapshot', of('volume', tagged(CSI))],
    ['ec2:DeleteVolume', of('volume', tagged(CSI))],
    ['ec2:DeleteSnapshot', of('snapshot', tagged(CSI))],
  ])('allows %s for what the driver has made: %j', async (action, on) => {
    expect(await may(policy, action, on)).toBe(true);
  });

  const KEPT = tagged({ ...NODE, 'keelson:volume': 'data' });
  it.each<[string, On]>([
    ['ec2:CreateVolume', of('volume', asked({ Name: 'x' }), '*')],
    ['ec2:CreateTags', of('volume', KEPT)],
    ['ec2:AttachVolume', of('volume', KEPT)],
    ['ec2:DetachVolume', of('volume', KEPT)],
    ['ec2:DeleteVolume', of('volume', KEPT)],
    ['ec2:CreateSnapshot', of('volume', KEPT)],
    ['ec2:DeleteSnapshot', of('snapshot', tagged({ 'keelson:kept': 'snapshot' }))],
    ['ec2:AttachVolume', of('instance', tagged({ Name: 'database of others' }))],
    ['ec2:TerminateInstances', of('instance', tagged(NODE))],
  ])('refuses %s for what is Keelson’s or of others: %j', async (action, on) => {
    expect(await may(policy, action, on)).toBe(false);
  });
});

describe('the policy for images of ECR', () => {
  const policy = policyOf('ecr', 1);
  const repository = (name: string): On => ({
    kind: 'repository',
    resource: `arn:aws:ecr:eu-west-1:000000000000:repository/${name}`,
    keys: {},
  });

  it('allows to sign in and to pull from repositories of the prefix', async () => {
    expect(await may(policy, 'ecr:GetAuthorizationToken', anything)).toBe(true);
    for (const action of ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'])
      expect([action, await may(policy, action, repository('shop/api'))]).toEqual([action, true]);
  });

  it('allows no other repository, and no push', async () => {
    expect(await may(policy, 'ecr:BatchGetImage', repository('other/api'))).toBe(false);
    expect(await may(policy, 'ecr:PutImage', repository('shop/api'))).toBe(false);
  });
});

describe('the role of nodes', () => {
  const { identity } = readPolicies({
    homeRegion: 'eu-west-1',
    bucket: 'keelson',
    queueUrl: 'https://sqs.example',
    queueArn: 'arn:aws:sqs:eu-west-1:000000000000:keelson-events',
    parameters: {},
  });

  it('allows none of this without the policies of the add-ons', async () => {
    const policy = new Evaluator(identity.node, 'identity');
    expect(await may(policy, 'ec2:DescribeVolumes', anything)).toBe(false);
    expect(await may(policy, 'ec2:AttachVolume', of('volume', tagged(CSI)))).toBe(false);
    expect(await may(policy, 'ecr:GetAuthorizationToken', anything)).toBe(false);
  });
});
