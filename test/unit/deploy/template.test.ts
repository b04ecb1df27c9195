/** What the bucket of deploy/aws/keelson.yaml does with its objects, worked out as CloudFormation does. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readTemplate, type Value } from '../../../packages/aws-simulator/src/iam/template.js';

const KEY = 'arn:aws:kms:eu-west-1:000000000000:key/11111111-2222-3333-4444-555555555555';

function bucketOf(parameters: Record<string, string>): Record<string, Value> {
  const properties = readTemplate(readFileSync('deploy/aws/keelson.yaml', 'utf8'), {
    parameters: { WorkerArns: 'arn:aws:iam::000000000000:role/worker', ...parameters },
    pseudo: { 'AWS::AccountId': '000000000000', 'AWS::Partition': 'aws' },
    resources: { Key: { Arn: 'arn:of:the:made:key' }, Bucket: { Ref: 'ops', Arn: 'arn:aws:s3:::ops' } },
  });
  return properties('Bucket');
}

describe('the bucket of the template', () => {
  it.each([
    ['a key that the stack makes, by default', {}, { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'arn:of:the:made:key' }],
    ['the key that is named', { KmsKeyArn: KEY }, { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY }],
    ["S3's own key, when none is asked for", { KmsKeyArn: 'none' }, { SSEAlgorithm: 'AES256' }],
  ])('is encrypted with %s', (_, parameters, expected) => {
    expect(bucketOf(parameters)['BucketEncryption']).toMatchObject({
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: expected }],
    });
  });

  it('forgets old versions of what nodes store after a day, of documents after a month', () => {
    expect(bucketOf({})['LifecycleConfiguration']).toMatchObject({
      Rules: [
        { NoncurrentVersionExpiration: { NoncurrentDays: '30' } },
        { TagFilters: [{ Key: 'keelson', Value: 'secret' }], NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
      ],
    });
  });
});
