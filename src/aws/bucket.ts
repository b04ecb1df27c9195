import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { readAtMost, TooLarge } from '../model/read-at-most.js';
import type { SignedUrl } from '../node-scripts/seal.js';
import type { AwsClients } from './clients.js';
import { codeOf, hasCode, httpStatusOf } from './error-code.js';
import { failure, toFailure } from './failure.js';
import { SECRET_TAG } from './tags.js';
import { createUploads, type Uploads } from './uploads.js';

export interface StoredText {
  text: string;
  etag: string;
  /** Changes with each put of the object, even with the same text (except within a second). */
  version: string;
  metadata: Record<string, string>;
}

export interface StoredEntry {
  key: string;
  size: number;
}

export type Condition = { ifMatch: string } | { ifNoneMatch: '*' };

/**
 * The operator's bucket. Objects get the bucket's default encryption (SSE-S3 at least, since 2023 for every bucket [docs: S3 default
 * encryption]): an explicit header would replace a KMS key that its owner has chosen.
 */
export interface Bucket {
  readonly name: string;
  /** @throws an `invalid` failure `BucketMissing`, an `auth` failure `AccessDenied` */
  check(): Promise<void>;
  get(key: string): Promise<StoredText | null>;
  /** @returns the ETag. @throws a `conflict` failure `PreconditionFailed` when the condition does not hold (HTTP 412) */
  put(key: string, text: string, condition?: Condition | null, metadata?: Record<string, string>): Promise<string>;
  remove(key: string): Promise<void>;
  list(prefix: string): Promise<string[]>;
  /** Returns the same with the size of each, in bytes. */
  entries(prefix: string): Promise<StoredEntry[]>;
  /**
   * Returns a URL that lets its holder read one object, or write one version of it, until it expires. A secret: never logged, never
   * heartbeated. A PUT replaces only the present version, which a header names: `If-Match` or `If-None-Match` are signed. [docs: S3
   * conditional writes]
   */
  presign(method: 'GET' | 'PUT', key: string, expiresInSeconds: number): Promise<SignedUrl>;
  /** Uploads in parts, for objects larger than one PUT takes. */
  readonly uploads: Uploads;
}

/** Two conditional writes at the same time: S3 asks the loser to try again [docs: S3 conditional writes]. */
const RACES = 4;

export function createBucket(clients: AwsClients, name: string): Bucket {
  let located: Promise<S3Client> | undefined;
  /** Returns the client of the bucket's own region: a presigned URL of another one is refused. */
  const client = (): Promise<S3Client> => {
    located ??= locate(clients, name).catch((error: unknown) => {
      located = undefined;
      throw error;
    });
    return located;
  };
  const at = (key: string) => ({ Bucket: name, Key: key });
  const entries = async (prefix: string): Promise<StoredEntry[]> => {
    const found: StoredEntry[] = [];
    let ContinuationToken: string | undefined;
    try {
      do {
        const page = await (await client()).send(
          new ListObjectsV2Command({
            Bucket: name,
            Prefix: prefix,
            ...(ContinuationToken ? { ContinuationToken } : {}),
          }),
        );
        for (const { Key: key, Size: size = 0 } of page.Contents ?? []) if (key) found.push({ key, size });
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken);
    } catch (error) {
      throw toFailure(error, `ListObjectsV2 ${name}/${prefix}`);
    }
    return found;
  };
  return {
    name,
    check: async () => {
      located = undefined;
      await client();
    },
    get: async (key) => {
      try {
        const answer = await (await client()).send(new GetObjectCommand(at(key)));
        const { ETag: etag = '', LastModified: modified, Metadata: metadata = {} } = answer;
        const text = new TextDecoder().decode(await bodyOf(answer, key));
        return { text, etag, version: `${etag} ${modified?.toISOString() ?? ''}`, metadata };
      } catch (error) {
        if (hasCode(error, 'NoSuchKey')) return null;
        throw toFailure(error, `GetObject ${name}/${key}`);
      }
    },
    put: async (key, text, condition, metadata) => {
      const conditions =
        condition === undefined || condition === null
          ? {}
          : 'ifMatch' in condition
            ? { IfMatch: condition.ifMatch }
            : { IfNoneMatch: condition.ifNoneMatch };
      for (let race = 1; ; race += 1) {
        try {
          const answer = await (await client()).send(
            new PutObjectCommand({
              ...at(key),
              Body: text,
              ...conditions,
              ...(metadata === undefined ? {} : { Metadata: metadata }),
            }),
          );
          return answer.ETag ?? '';
        } catch (error) {
          if (hasCode(error, 'ConditionalRequestConflict') && race < RACES) continue;
          throw toFailure(error, `PutObject ${name}/${key}`);
        }
      }
    },
    remove: async (key) => {
      try {
        await (await client()).send(new DeleteObjectCommand(at(key)));
      } catch (error) {
        if (!hasCode(error, 'NoSuchKey')) throw toFailure(error, `DeleteObject ${name}/${key}`);
      }
    },
    list: async (prefix) => (await entries(prefix)).map(({ key }) => key),
    entries,
    uploads: createUploads(client, name),
    presign: async (method, key, expiresInSeconds) => {
      const s3 = await client();
      const options = { expiresIn: expiresInSeconds };
      if (method === 'GET') return { url: await getSignedUrl(s3, new GetObjectCommand(at(key)), options) };
      const etag = await etagOf(s3, at(key));
      const condition = etag === null ? { IfNoneMatch: '*' } : { IfMatch: etag };
      const command = new PutObjectCommand({ ...at(key), ...condition, Tagging: SECRET_TAG });
      // S3 reads tags of a PUT in its headers only.
      const url = await getSignedUrl(s3, command, { ...options, unhoistableHeaders: new Set(['x-amz-tagging']) });
      const stated = etag === null ? 'If-None-Match: *' : `If-Match: ${etag}`;
      return { url, headers: [stated, `x-amz-tagging: ${SECRET_TAG}`] };
    },
  };
}

/** ETag of the present object; null if there is none. HeadObject has no body: its 404 has no code but the status. */
async function etagOf(s3: S3Client, at: { Bucket: string; Key: string }): Promise<string | null> {
  try {
    return (await s3.send(new HeadObjectCommand(at))).ETag ?? null;
  } catch (error) {
    if (httpStatusOf(error) === 404) return null;
    throw toFailure(error, `HeadObject ${at.Bucket}/${at.Key}`);
  }
}

/** status.yaml of a cluster with 500 nodes has about 400 KiB; the reader refuses a config.yaml beyond 256 KiB, with place and size. */
const MOST_BYTES = 2 * 1024 * 1024;

/** @throws a final failure `ObjectTooLarge`: otherwise one writer to the bucket could fill the memory of each worker in turn */
async function bodyOf(
  { Body: body, ContentLength: length = 0 }: GetObjectCommandOutput,
  key: string,
): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array();
  const stream = body as Readable;
  try {
    if (length > MOST_BYTES) throw new TooLarge(MOST_BYTES);
    return await readAtMost(stream, MOST_BYTES);
  } catch (error) {
    stream.destroy();
    if (!(error instanceof TooLarge)) throw error;
    throw failure({
      code: 'ObjectTooLarge',
      class: 'invalid',
      message: `GetObject ${key}: the object ${length > 0 ? `has ${length} bytes: it ` : ''}${error.message}`,
      hint: 'put an object of the usual size there; a document has at most 256 KiB',
    });
  }
}

/** Reads the bucket's region from HeadBucket, even when it refuses (301). It has no body, so the status is all there is. */
async function locate(clients: AwsClients, name: string): Promise<S3Client> {
  const home = clients.s3(clients.homeRegion);
  try {
    const { BucketRegion: region } = await home.send(new HeadBucketCommand({ Bucket: name }));
    return region === undefined || region === clients.homeRegion ? home : clients.s3(region);
  } catch (error) {
    const status = httpStatusOf(error);
    const region = (error as { $response?: { headers?: Record<string, string> } }).$response?.headers?.[
      'x-amz-bucket-region'
    ];
    if (status === 301 && region !== undefined) return clients.s3(region);
    if (status === 404)
      throw failure({
        code: 'BucketMissing',
        class: 'invalid',
        message: `the bucket ${name} does not exist (asked in ${clients.homeRegion})`,
        hint: 'create the bucket, or set KEELSON_BUCKET of the worker to one that exists',
        cause: error,
      });
    if (status === 403)
      throw failure({
        code: 'AccessDenied',
        class: 'auth',
        message: `the worker may not use the bucket ${name} (${codeOf(error)})`,
        hint: "allow s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject on it, or check the name: it may be someone else's",
        cause: error,
      });
    throw toFailure(error, `HeadBucket ${name}`);
  }
}
