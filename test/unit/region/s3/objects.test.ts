import { request } from 'node:http';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBucket } from '#src/aws/bucket.js';
import { createAwsClients } from '#src/aws/clients.js';
import type { SignedUrl } from '#src/node-scripts/seal.js';
import { CREDENTIALS, startTestRegion, type TestRegion } from '../local-region.js';

const Bucket = 'keelson-test';
const Key = 'clusters/shop/config.yaml';

describe('the bucket', () => {
  let region: TestRegion;

  beforeEach(async () => {
    region = await startTestRegion();
  });
  afterEach(() => region.close());

  const put = (Body: string, more: object = {}) =>
    region.s3Client().send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const text = async (key = Key) =>
    (await region.s3Client().send(new GetObjectCommand({ Bucket, Key: key }))).Body?.transformToString();

  it('gives back what was put, with its ETag and encryption', async () => {
    // Act
    const { ETag, ServerSideEncryption } = await put('spec: größer\n', {
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'k-1',
    });
    const head = await region.s3Client().send(new HeadObjectCommand({ Bucket, Key }));

    // Assess
    expect(await text()).toBe('spec: größer\n');
    expect(ServerSideEncryption).toBe('aws:kms');
    expect(head).toMatchObject({ ETag, ContentLength: 15, ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'k-1' });
  });

  it('takes a stream in aws-chunked encoding with a checksum behind it', async () => {
    // Prepare
    const body = Buffer.alloc(200_000, 'abcdefg ');

    // Act
    const Body = Readable.from([body.subarray(0, 70_000), body.subarray(70_000)]);
    await region.s3Client().send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: body.length }));

    // Assess
    expect(await text()).toBe(body.toString());
  });

  it('writes under conditions', async () => {
    // Act and assess
    const { ETag } = await put('one', { IfNoneMatch: '*' });
    await expect(put('two', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
    await put('three', { IfMatch: ETag });
    await expect(put('four', { IfMatch: ETag })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await text()).toBe('three');
  });

  it('loses a race when a fault plan says so', async () => {
    // Prepare
    const error = { code: 'ConditionalRequestConflict', status: 409 };
    await region.post('/_region/faults', { service: 's3', action: 'PutObject', nth: 1, error });

    // Act and assess
    await expect(put('one', { IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'ConditionalRequestConflict' });
    await expect(put('one', { IfNoneMatch: '*' })).resolves.toBeDefined();
  });

  it('reports missing keys and buckets, and the region of a bucket', async () => {
    // Prepare
    const s3 = region.s3Client();

    // Act and assess
    await expect(text('none')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({ name: 'NotFound' });
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'nowhere' }))).rejects.toMatchObject({ name: 'NotFound' });
    const missing = s3.send(new ListObjectsV2Command({ Bucket: 'nowhere' }));
    await expect(missing).rejects.toMatchObject({ name: 'NoSuchBucket' });
    const elsewhere = region.s3Client('us-east-1').send(new ListObjectsV2Command({ Bucket }));
    await expect(elsewhere).rejects.toMatchObject({ name: 'PermanentRedirect', $metadata: { httpStatusCode: 301 } });
    expect(await s3.send(new HeadBucketCommand({ Bucket }))).toMatchObject({ BucketRegion: 'eu-west-1' });
    expect(await s3.send(new GetBucketLocationCommand({ Bucket }))).toMatchObject({ LocationConstraint: 'eu-west-1' });
  });

  it('makes a bucket once', async () => {
    const s3 = region.s3Client();
    await s3.send(new CreateBucketCommand({ Bucket: 'another' }));
    const again = s3.send(new CreateBucketCommand({ Bucket: 'another' }));
    await expect(again).rejects.toMatchObject({ name: 'BucketAlreadyOwnedByYou' });
  });

  it('lists by prefix, page by page, and deletes', async () => {
    // Prepare
    const s3 = region.s3Client();
    const keys = ['a', 'b', 'c', 'd', 'e'].map((name) => `clusters/shop/${name} &+`);
    for (const key of [...keys, 'clusters/other/a'])
      await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: 'x' }));

    // Act
    const listed: (string | undefined)[] = [];
    const pages = paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket, Prefix: 'clusters/shop/' });
    for await (const { Contents } of pages) listed.push(...(Contents ?? []).map((object) => object.Key));
    const folders = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'clusters/', Delimiter: '/' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: keys[0] }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'not there' }));
    const deleted = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.slice(1).map((key) => ({ Key: key })) } }),
    );
    const left = await s3.send(new ListObjectsV2Command({ Bucket }));

    // Assess
    expect(listed).toEqual(keys);
    expect(folders.CommonPrefixes).toEqual([{ Prefix: 'clusters/other/' }, { Prefix: 'clusters/shop/' }]);
    expect(deleted.Deleted).toHaveLength(4);
    expect(left.Contents?.map((object) => object.Key)).toEqual(['clusters/other/a']);
  });

  it('lets the holder of a presigned URL put and get one object', async () => {
    // Prepare
    const s3 = region.s3Client();
    s3.config.requestChecksumCalculation = () => Promise.resolve('WHEN_REQUIRED');
    const putUrl = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key }), { expiresIn: 60 });
    const getUrl = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60 });

    // Act
    const written = await fetch(putUrl, { method: 'PUT', body: 'K10secret' });
    const read = await fetch(getUrl);

    // Assess
    expect(written.status).toBe(200);
    expect(await read.text()).toBe('K10secret');
    expect((await fetch(getUrl, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect((await fetch(getUrl.replace('config.yaml', 'other'))).status).toBe(403);
  });

  it('lets the holder of a URL that the worker has signed store one version', async () => {
    // Prepare
    const clients = createAwsClients({
      homeRegion: 'eu-west-1',
      version: 'test',
      endpoint: region.url,
      credentials: CREDENTIALS,
    });
    const bucket = createBucket(clients, Bucket);
    const send = async ({ url, headers = [] }: SignedUrl, body: string) => {
      const sent = Object.fromEntries(headers.map((header) => header.split(': '))) as Record<string, string>;
      return (await fetch(url, { method: 'PUT', body, headers: sent })).status;
    };

    // Act
    const first = await bucket.presign('PUT', Key, 60);
    const answers = [
      await send(first, 'one'),
      await send(first, 'two'),
      await send({ ...first, headers: [] }, 'three'),
    ];
    const second = await bucket.presign('PUT', Key, 60);
    answers.push(await send(second, 'four'), await send(second, 'five'));

    // Assess
    expect(answers).toEqual([200, 412, 403, 200, 412]);
    expect(await text()).toBe('four');
  });

  it('refuses a presigned URL that has expired', async () => {
    // Prepare
    const signingDate = new Date(Date.now() - 120_000);
    const command = new GetObjectCommand({ Bucket, Key });
    const url = await getSignedUrl(region.s3Client(), command, { expiresIn: 60, signingDate });

    // Act
    const answer = await fetch(url);

    // Assess
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('Request has expired');
  });

  it('wants a length: a chunked PUT is not implemented', async () => {
    // Prepare
    const s3 = region.s3Client();
    s3.config.requestChecksumCalculation = () => Promise.resolve('WHEN_REQUIRED');
    const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key }), { expiresIn: 60 });

    // Act
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const put = request(url, { method: 'PUT' }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      put.on('error', reject);
      put.write('without');
      put.end(' length');
    });

    // Assess
    expect(status).toBe(501);
  });

  it('lets no one in without a signature', async () => {
    const answer = await fetch(`${region.url}/${Bucket}/${Key}`);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>AccessDenied</Code>');
  });

  it('finds a wrong checksum', async () => {
    const wrong = put('one', { ChecksumCRC32: 'AAAAAA==' });
    await expect(wrong).rejects.toMatchObject({ name: 'BadDigest' });
  });
});
