/** S3's entry: REST in path style. [docs: S3 API] */
import { AwsError, errorReply } from '../aws-error.js';
import type { AwsCall, HttpReply } from '../contract.js';
import type { EventBus } from '../events/bus.js';
import { element } from '../xml.js';
import { addressOf } from './address.js';
import { readBody } from './body.js';
import { type Bucket, Buckets } from './buckets.js';
import { deleteObjects, listObjects, xmlReply } from './listing.js';
import { abortUpload, completeUpload, createUpload, LEAST_PART_BYTES, uploadPart } from './multipart.js';
import { deleteObject, getObject, putObject } from './objects.js';

export class S3 {
  readonly buckets = new Buckets();
  /** Least size of a part but the last. A test may set less than S3's own, because snapshots of the simulator are small. */
  leastPartBytes = LEAST_PART_BYTES;

  /** @param mayList whether the caller may learn that an object does not exist */
  constructor(
    private readonly bus: EventBus,
    private readonly mayList: (call: AwsCall, bucket: Bucket) => Promise<boolean>,
  ) {}

  async handle(call: AwsCall, requestId: string): Promise<HttpReply> {
    try {
      const reply = await this.answer(call);
      return { ...reply, headers: { 'x-amz-request-id': requestId, ...reply.headers } };
    } catch (error) {
      if (error instanceof AwsError) return errorReply('s3', error, requestId);
      throw error;
    }
  }

  private async answer(call: AwsCall): Promise<HttpReply> {
    const { bucket: name, key } = addressOf(call.path);
    if (call.action === 'ListBuckets') return this.listBuckets();
    if (call.action === 'CreateBucket') return this.createBucket(name, call.region);
    const bucket = this.buckets.get(name);
    if (bucket === undefined) {
      throw new AwsError('NoSuchBucket', 404, 'The specified bucket does not exist', { BucketName: name });
    }
    if (bucket.region !== call.region && call.action !== 'GetBucketLocation') throw elsewhere(bucket);
    switch (call.action) {
      case 'HeadBucket':
        return { status: 200, headers: { 'x-amz-bucket-region': bucket.region }, body: '' };
      case 'GetBucketLocation':
        return location(bucket);
      case 'DeleteBucket':
        return this.deleteBucket(bucket);
      case 'ListObjectsV2':
        return listObjects(bucket, call);
      case 'DeleteObjects':
        return deleteObjects(bucket, readBody(call));
      case 'PutObject':
        return this.put(bucket, key, call);
      case 'CreateMultipartUpload':
        return createUpload(bucket, key, call);
      case 'UploadPart':
        return uploadPart(bucket, key, call);
      case 'CompleteMultipartUpload':
        return completeUpload(bucket, key, call, this.leastPartBytes);
      case 'AbortMultipartUpload':
        return abortUpload(bucket, key, call);
      case 'GetObject':
      case 'HeadObject':
        return this.get(bucket, key, call);
      case 'DeleteObject':
        return deleteObject(bucket, key, call);
      default:
        throw new AwsError('NotImplemented', 501, 'The local region does not model this request.');
    }
  }

  /** A caller that may not list a bucket does not learn which keys it lacks. [S3 API: GetObject, Permissions] */
  private async get(bucket: Bucket, key: string, call: AwsCall): Promise<HttpReply> {
    if (!bucket.objects.has(key) && !(await this.mayList(call, bucket))) {
      throw new AwsError('AccessDenied', 403, 'Access Denied');
    }
    return getObject(bucket, key, call);
  }

  private put(bucket: Bucket, key: string, call: AwsCall): HttpReply {
    const reply = putObject(bucket, key, call);
    const object = bucket.objects.get(key);
    if (object !== undefined) {
      this.bus.objectCreated(bucket.region, bucket.name, { key, size: object.body.length, etag: object.etag });
    }
    return reply;
  }

  private listBuckets(): HttpReply {
    const buckets = this.buckets.all().map(({ name, createdAt }) => {
      return element('Bucket', { Name: name, CreationDate: createdAt.toISOString() });
    });
    return xmlReply('ListAllMyBucketsResult', [`<Buckets>${buckets.join('')}</Buckets>`]);
  }

  private createBucket(name: string, region: string): HttpReply {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
      throw new AwsError('InvalidBucketName', 400, 'The specified bucket is not valid.', { BucketName: name });
    }
    if (this.buckets.get(name) !== undefined) {
      const message = 'Your previous request to create the named bucket succeeded and you already own it.';
      throw new AwsError('BucketAlreadyOwnedByYou', 409, message, { BucketName: name });
    }
    this.buckets.create(name, region);
    return { status: 200, headers: { location: `/${name}` }, body: '' };
  }

  private deleteBucket(bucket: Bucket): HttpReply {
    if (bucket.objects.size > 0) {
      throw new AwsError('BucketNotEmpty', 409, 'The bucket you tried to delete is not empty');
    }
    this.buckets.delete(bucket.name);
    return { status: 204, body: '' };
  }
}

/** Empty for us-east-1. [docs: S3 GetBucketLocation] */
function location({ region }: Bucket): HttpReply {
  return xmlReply('LocationConstraint', [region === 'us-east-1' ? '' : region]);
}

function elsewhere({ name, region }: Bucket): AwsError {
  const message = `The bucket you are attempting to access must be addressed using the specified endpoint (region ${region}).`;
  return new AwsError('PermanentRedirect', 301, message, { Bucket: name }, { 'x-amz-bucket-region': region });
}
