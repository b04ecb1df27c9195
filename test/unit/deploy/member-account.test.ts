/** The stack of another account: its role may there what the worker may in its own, and trusts the worker alone. */
import { describe, expect, it } from 'vitest';
import { readPolicies, type Statement } from '../../../packages/aws-simulator/src/iam/policies.js';

const [HOME, MEMBER] = ['000000000000', '222222222222'];
const { identity, trust } = readPolicies({
  homeRegion: 'eu-west-1',
  bucket: 'ops',
  queueUrl: 'https://sqs.example',
  queueArn: `arn:aws:sqs:eu-west-1:${HOME}:keelson-events`,
  parameters: { Installation: 'inst-1', MemberRoleArns: 'arn:aws:iam::*:role/keelson/keelson-member' },
});

/** What is of the worker's own account: bucket, its key, queue, topic and bus, the roles of other accounts. */
const isOfHome = ({ Action }: Statement): boolean =>
  Action.some((action) => /^(s3|sqs|sns|events|sts|kms):/.test(action));
const inMember = (statements: Statement[]): Statement[] =>
  JSON.parse(JSON.stringify(statements).replaceAll(HOME, MEMBER)) as Statement[];

describe('the role in another account', () => {
  it('has the statements of the worker about EC2 and SSM, and no others', () => {
    const expected = inMember(identity.worker.statements.filter((one) => !isOfHome(one)));
    expect(identity.member.statements).toEqual(expected);
    expect(expected.length).toBeGreaterThan(10);
  });

  it('has no right on the bucket, the queue or further roles', () => {
    expect(identity.member.statements.filter(isOfHome)).toEqual([]);
  });

  it('trusts the roles of the workers, with the external id', () => {
    expect(trust.statements).toEqual([
      {
        Sid: 'WorkerWithExternalId',
        Effect: 'Allow',
        Principal: { AWS: [`arn:aws:iam::${HOME}:role/keelson-worker`] },
        Action: ['sts:AssumeRole'],
        Condition: { StringEquals: { 'sts:ExternalId': 'keelson-local' } },
      },
    ]);
  });

  it('fits into a managed policy', () => {
    const size = JSON.stringify({ Version: '2012-10-17', Statement: identity.member.statements }).length;
    expect(size).toBeLessThanOrEqual(6_144);
  });
});
