import { Readable } from 'node:stream';
import { GetObjectCommand, HeadBucketCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBucket } from '#src/aws/bucket.js';
import { createAwsClients } from '#src/aws/clients.js';
import { awsError, failureOf } from '../activities/support.js';

const s3 = mockClient(S3Client);
const clients = createAwsClients({
  homeRegion: 'eu-west-1',
  version: 'test',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

beforeEach(() => void s3.on(HeadBucketCommand).resolves({ BucketRegion: 'eu-west-1' }));
afterEach(() => void s3.reset());

describe('the bucket', () => {
  test('tries a lost race again, and tells a condition that does not hold', async () => {
    s3.on(PutObjectCommand)
      .rejectsOnce(awsError('ConditionalRequestConflict', 'race', 409))
      .resolvesOnce({ ETag: '"1"' });
    const bucket = createBucket(clients, 'ops');
    const etag = await bucket.put('k', 'v', { ifNoneMatch: '*' });
    s3.on(PutObjectCommand).rejects(awsError('PreconditionFailed', 'no', 412));

    const failure = await failureOf(bucket.put('k', 'v', { ifMatch: '"1"' }));

    expect(etag).toBe('"1"');
    expect(failure).toMatchObject({ code: 'PreconditionFailed', class: 'conflict', nonRetryable: true });
  });

  test('does not try a race for ever', async () => {
    s3.on(PutObjectCommand).rejects(awsError('ConditionalRequestConflict', 'race', 409));

    const failure = await failureOf(createBucket(clients, 'ops').put('k', 'v', { ifNoneMatch: '*' }));

    expect(failure).toMatchObject({ class: 'conflict', nonRetryable: false });
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(4);
  });

  test('is asked for once, and presigns for the region that it is in', async () => {
    s3.on(HeadBucketCommand).resolves({ BucketRegion: 'us-east-2' });
    s3.on(HeadObjectCommand).resolves({ ETag: '"1"' });
    const bucket = createBucket(clients, 'ops');

    const urls = await Promise.all([bucket.presign('PUT', 'a', 60), bucket.presign('GET', 'b', 60)]);

    expect(s3.commandCalls(HeadBucketCommand)).toHaveLength(1);
    for (const { url } of urls) expect(new URL(url).searchParams.get('X-Amz-Credential')).toContain('/us-east-2/s3/');
  });

  test('is found in another region also when S3 refuses to say more', async () => {
    const moved = Object.assign(awsError('PermanentRedirect', 'moved', 301), {
      $response: { statusCode: 301, headers: { 'x-amz-bucket-region': 'us-east-2' } },
    });
    s3.on(HeadBucketCommand).rejects(moved);

    const { url } = await createBucket(clients, 'ops').presign('GET', 'b', 60);

    expect(new URL(url).searchParams.get('X-Amz-Credential')).toContain('/us-east-2/s3/');
  });

  test('that could not be reached is asked for again the next time', async () => {
    s3.on(HeadBucketCommand)
      .rejectsOnce(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))
      .resolves({});
    s3.on(GetObjectCommand).rejects(awsError('NoSuchKey', 'none', 404));
    const bucket = createBucket(clients, 'ops');
    const failure = await failureOf(bucket.get('k'));

    const second = await bucket.get('k');

    expect(failure).toMatchObject({ code: 'ECONNREFUSED', class: 'transient', nonRetryable: false });
    expect(second).toBeNull();
  });

  test.each([
    ['by the length that S3 tells', 400 * 1024 * 1024],
    ['while it is read, where no length is told', undefined],
  ])('refuses an object of 400 MiB for good, %s', async (_, ContentLength) => {
    let given = 0;
    const body = new Readable({
      read() {
        given += 65_536;
        this.push(given > 400 * 1024 * 1024 ? null : Buffer.alloc(65_536));
      },
    });
    s3.on(GetObjectCommand).resolves({ Body: body as never, ...(ContentLength && { ContentLength }) });

    const failure = await failureOf(createBucket(clients, 'ops').get('clusters/shop/config.yaml'));

    expect(failure).toMatchObject({ code: 'ObjectTooLarge', class: 'invalid', nonRetryable: true });
    expect(failure.message).toContain('has more than 2048 KiB');
    expect(given).toBeLessThan(3 * 1024 * 1024);
    expect(body.destroyed).toBe(true);
  });
});
