import { BUCKET_KEY, bucketKeyOf } from '../model/bucket.js';
import type { InstanceStateName } from '../model/observation.js';

/** Content of a message, as far as Keelson uses it. */
export type Event =
  | { kind: 'instance'; region: string; account: string; instanceId: string; state: InstanceStateName }
  | { kind: 'config'; bucket: string; cluster: string };

/** SQS's maximum; events of EC2 and S3 have about 1 KiB. [docs: SQS message quotas] */
const MOST_CHARACTERS = 256 * 1024;

/**
 * Form of names. Invented names would make a client for each region, and ask EC2 and Temporal in vain: AWS would answer with an error, and
 * the message would come again until it is a dead letter.
 */
const INSTANCE_ID = /^i-[0-9a-z]{1,30}$/;
const REGION = /^[a-z]{2,4}(-[a-z]{1,15}){1,3}-\d{1,2}$/;
const ACCOUNT = /^\d{12}$/;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const CLUSTER = /^[a-z0-9-]{1,40}$/;

const STATES: readonly string[] = ['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'];

/**
 * Reads an event of EventBridge. [docs: EventBridge, EC2 Instance State-change Notification, S3 Object Created]
 *
 * @returns null for any other message
 */
export function parseEvent(body: string): Event | null {
  if (body.length > MOST_CHARACTERS) return null;
  const event = objectOf(body);
  const detail = record(event?.['detail']);
  if (event === null || detail === null) return null;
  if (event['source'] === 'aws.ec2') {
    const { region, account } = event;
    const { 'instance-id': instanceId, state } = detail;
    if (!isOf(REGION, region) || !isOf(ACCOUNT, account) || !isOf(INSTANCE_ID, instanceId) || !isState(state))
      return null;
    return { kind: 'instance', region, account, instanceId, state };
  }
  if (event['source'] === 'aws.s3' && event['detail-type'] === 'Object Created') {
    const bucket = record(detail['bucket'])?.['name'];
    const key = record(detail['object'])?.['key'];
    if (!isOf(BUCKET, bucket) || typeof key !== 'string') return null;
    const cluster = key.split('/', 2)[1] ?? '';
    return CLUSTER.test(cluster) && key === bucketKeyOf(cluster, BUCKET_KEY.config)
      ? { kind: 'config', bucket, cluster }
      : null;
  }
  return null;
}

const isOf = (pattern: RegExp, value: unknown): value is string => typeof value === 'string' && pattern.test(value);

const isState = (value: unknown): value is InstanceStateName => typeof value === 'string' && STATES.includes(value);

const record = (value: unknown): Record<string, unknown> | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;

function objectOf(body: string): Record<string, unknown> | null {
  try {
    return record(JSON.parse(body));
  } catch {
    return null;
  }
}
