import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestRegion, type TestRegion } from '../local-region.js';

const at = { Bucket: 'keelson-test', Key: 'backups/shop/u-1/one.snapshot' };
const LEAST = 5 * 1024 * 1024;

describe('an upload in parts', () => {
  let region: TestRegion;
  beforeEach(async () => {
    region = await startTestRegion();
  });
  afterEach(() => region.close());

  const s3 = () => region.s3Client();
  const begin = async () => (await s3().send(new CreateMultipartUploadCommand(at))).UploadId ?? '';
  const send = async (UploadId: string, PartNumber: number, Body: Buffer) =>
    (await s3().send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body }))).ETag ?? '';
  const complete = (UploadId: string, parts: [number, string][], more: object = {}) =>
    s3().send(
      new CompleteMultipartUploadCommand({
        ...at,
        UploadId,
        MultipartUpload: { Parts: parts.map(([PartNumber, ETag]) => ({ PartNumber, ETag })) },
        ...more,
      }),
    );
  const leftovers = async () => {
    const answer = await fetch(`${region.url}/_region/leftovers`);
    return ((await answer.json()) as { uploads: string[] }).uploads;
  };

  it('becomes one object of its parts, in the order of their numbers, once it is completed', async () => {
    // Prepare
    const first = Buffer.alloc(LEAST, 'a');
    const upload = await begin();

    // Act
    const last = await send(upload, 2, Buffer.from('end'));
    const etag = await send(upload, 1, first);
    const begun = await leftovers();
    const done = await complete(upload, [
      [1, etag],
      [2, last],
    ]);

    // Assess
    const { Body } = await s3().send(new GetObjectCommand(at));
    const body = Buffer.from((await Body?.transformToByteArray()) ?? []);
    expect(body.equals(Buffer.concat([first, Buffer.from('end')]))).toBe(true);
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(begun).toEqual([`${at.Bucket}/${at.Key}`]);
    expect(await leftovers()).toEqual([]);
  });

  it('refuses what S3 refuses', async () => {
    // Prepare
    const upload = await begin();
    const small = await send(upload, 1, Buffer.from('small'));
    const other = await send(upload, 2, Buffer.from('other'));

    // Act and assess
    await expect(
      complete(upload, [
        [1, small],
        [2, other],
      ]),
    ).rejects.toMatchObject({ name: 'EntityTooSmall' });
    await expect(
      complete(upload, [
        [2, other],
        [1, small],
      ]),
    ).rejects.toMatchObject({ name: 'InvalidPartOrder' });
    await expect(complete(upload, [[1, other]])).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(complete(upload, [])).rejects.toMatchObject({ name: 'MalformedXML' });
    await expect(send(upload, 10_001, Buffer.from('x'))).rejects.toMatchObject({ name: 'InvalidArgument' });
    await complete(upload, [[1, small]]);
    const again = await begin();
    const part = await send(again, 1, Buffer.from('again'));
    await expect(complete(again, [[1, part]], { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
  });

  it('is gone when it is aborted, with its parts', async () => {
    // Prepare
    const upload = await begin();
    await send(upload, 1, Buffer.from('part'));

    // Act
    await s3().send(new AbortMultipartUploadCommand({ ...at, UploadId: upload }));

    // Assess
    expect(await leftovers()).toEqual([]);
    await expect(send(upload, 1, Buffer.from('part'))).rejects.toMatchObject({ name: 'NoSuchUpload' });
    await expect(s3().send(new AbortMultipartUploadCommand({ ...at, UploadId: upload }))).rejects.toMatchObject({
      name: 'NoSuchUpload',
    });
  });
});
