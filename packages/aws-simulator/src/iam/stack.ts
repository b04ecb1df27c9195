/** Deploys the stack of deploy/aws in the simulator: its policies, for the existing bucket and queue. */
import { appendFileSync } from 'node:fs';
import { type Ec2, placeKey } from '../ec2/handle.js';
import { notificationsBus } from '../eventbridge/buses.js';
import type { S3 } from '../s3/handle.js';
import { notificationsTopic } from '../sns/topics.js';
import { Iam } from './iam.js';
import { readPolicies } from './policies.js';
import { memberRoleArn } from './principals.js';
import { queueArn } from './sqs-actions.js';

export interface StackOptions {
  homeRegion: string;
  bucket: string;
  queueUrl: string;
  kmsKeyArn?: string;
}

/**
 * Reads the template and decides by it from then on. With KEELSON_PERMISSIONS_FILE in the environment it appends each statement and action
 * that has decided to that file once, as a line of JSON.
 */
export function createIam(options: StackOptions, { ec2, s3 }: { ec2: Ec2; s3: S3 }): Iam {
  const { homeRegion, bucket, queueUrl, kmsKeyArn } = options;
  const arn = queueArn(homeRegion, queueUrl.split('/').at(-1) ?? '');
  const parameters = {
    KmsKeyArn: kmsKeyArn ?? 'none',
    MemberRoleArns: memberRoleArn('*'),
    NotifyTopicArn: notificationsTopic(homeRegion),
    NotifyEventBusArn: notificationsBus(homeRegion),
  };
  const file = process.env['KEELSON_PERMISSIONS_FILE'];
  return new Iam({
    policies: readPolicies({ homeRegion, bucket, queueUrl, queueArn: arn, parameters }),
    existing: {
      account: (region, id) => ec2.accounts.get(placeKey(region, id)),
      bucket: (name) => s3.buckets.get(name),
    },
    bucket,
    queueArn: arn,
    ...(file !== undefined && { onUse: (used) => appendFileSync(file, `${JSON.stringify(used)}\n`) }),
  });
}
