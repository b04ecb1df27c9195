import { describe, expect, it } from 'vitest';
import { conditionKeysOf } from '../../../../packages/aws-simulator/src/iam/evaluator.js';
import { managedPolicies, readPolicies, type StackNames } from '../../../../packages/aws-simulator/src/iam/policies.js';

/** All regions that an account has from the start. [AWS account guide: regions enabled by default] */
const REGIONS =
  'us-east-1,us-east-2,us-west-1,us-west-2,ca-central-1,sa-east-1,eu-central-1,eu-west-1,eu-west-2,eu-west-3,eu-north-1,ap-south-1,ap-southeast-1,ap-southeast-2,ap-northeast-1,ap-northeast-2,ap-northeast-3';

/** With names as long as they may be. */
const STACK: StackNames = {
  homeRegion: 'ap-southeast-1',
  bucket: 'b'.repeat(63),
  queueUrl: 'https://sqs.example',
  queueArn: `arn:aws:sqs:ap-southeast-1:000000000000:${'q'.repeat(80)}`,
  parameters: {
    Regions: REGIONS,
    KmsKeyArn: 'arn:aws:kms:ap-southeast-1:000000000000:key/mrk-0123456789abcdef0123456789abcdef',
    EbsKmsKeyArns: 'arn:aws:kms:ap-southeast-1:000000000000:key/mrk-0123456789abcdef0123456789abcdef',
    GroupsByTag: 'true',
    MemberRoleArns: `arn:aws:iam::*:role/${'r'.repeat(64)}`,
    NodeRoleArns: `arn:aws:iam::000000000000:role/${'n'.repeat(64)}`,
    NotifyTopicArn: `arn:aws:sns:ap-southeast-1:000000000000:${'t'.repeat(80)}`,
    NotifyEventBusArn: `arn:aws:events:ap-southeast-1:000000000000:event-bus/${'e'.repeat(80)}`,
  },
};
const { identity } = readPolicies(STACK);
const sizeOf = (statements: unknown): number =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements }).replaceAll(/\s/g, '').length;

describe('the policies of the template', () => {
  // [IAM user guide: IAM and STS character limits]
  it.each(managedPolicies(STACK))('$name fits into a managed policy, with every region and parameter', (policy) => {
    expect(sizeOf(policy.statements)).toBeLessThanOrEqual(6_144);
  });

  it('of the node role fit into 10,240 characters together', () => {
    expect(sizeOf(identity.node.statements)).toBeLessThanOrEqual(10_240);
  });

  it('ask for a region by IfExists where Run Command judges again', () => {
    const run = identity.worker.statements.filter(({ Action }) => Action.includes('ssm:SendCommand'));
    const asked = run.flatMap(({ Condition }) => Object.entries((Condition ?? {}) as Record<string, object>));
    const plain = asked.filter(([operator]) => !operator.endsWith('IfExists')).flatMap(([, keys]) => Object.keys(keys));
    expect(run.flatMap(conditionKeysOf)).toContain('aws:RequestedRegion');
    expect(plain.filter((key) => key.startsWith('aws:'))).toEqual([]);
  });
});
