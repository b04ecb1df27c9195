import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { SignedUrl } from '../node-scripts/seal.js';
import { hasCode } from './error-code.js';
import { toFailure } from './failure.js';
import { SECRET_TAG } from './tags.js';

/**
 * Uploads that a node sends in parts, each by its own URL: one PUT takes 5 GiB. An upload has to be completed or aborted, because S3 stores
 * its parts at a price until then; the stack's bucket aborts uploads older than a day. [S3 user guide: multipart upload]
 */
export interface Uploads {
  /** Begins an upload for a key that nodes write. @returns its id */
  create(key: string): Promise<string>;
  /** Returns a URL that lets its holder send one part until it expires. A secret. @param number from 1 */
  presign(key: string, upload: string, number: number, expiresInSeconds: number): Promise<SignedUrl>;
  /**
   * Makes the object of the parts, unless that key exists. A missing upload is not an error: it may be completed, so the caller lists the
   * key. @param etags of the parts, in their order
   * @throws a `conflict` failure `PreconditionFailed`, an `invalid` failure `InvalidPart` or `EntityTooSmall`
   */
  complete(key: string, upload: string, etags: readonly string[]): Promise<void>;
  /** Deletes the parts; a missing upload is not an error. */
  abort(key: string, upload: string): Promise<void>;
}

/** @param client of the bucket's own region */
export function createUploads(client: () => Promise<S3Client>, bucket: string): Uploads {
  const at = (key: string) => ({ Bucket: bucket, Key: key });
  return {
    create: async (key) => {
      try {
        const begun = await (await client()).send(
          new CreateMultipartUploadCommand({ ...at(key), Tagging: SECRET_TAG }),
        );
        return begun.UploadId ?? '';
      } catch (error) {
        throw toFailure(error, `CreateMultipartUpload ${bucket}/${key}`);
      }
    },
    presign: async (key, upload, number, expiresIn) => {
      const command = new UploadPartCommand({ ...at(key), UploadId: upload, PartNumber: number });
      return { url: await getSignedUrl(await client(), command, { expiresIn }) };
    },
    complete: async (key, upload, etags) => {
      const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
      try {
        await (await client()).send(
          new CompleteMultipartUploadCommand({
            ...at(key),
            UploadId: upload,
            MultipartUpload: { Parts },
            IfNoneMatch: '*',
          }),
        );
      } catch (error) {
        // The answer to an earlier completion was lost: the list of the bucket shows whether the object exists.
        if (hasCode(error, 'NoSuchUpload')) return;
        throw toFailure(error, `CompleteMultipartUpload ${bucket}/${key}`);
      }
    },
    abort: async (key, upload) => {
      try {
        await (await client()).send(new AbortMultipartUploadCommand({ ...at(key), UploadId: upload }));
      } catch (error) {
        if (!hasCode(error, 'NoSuchUpload')) throw toFailure(error, `AbortMultipartUpload ${bucket}/${key}`);
      }
    },
  };
}
