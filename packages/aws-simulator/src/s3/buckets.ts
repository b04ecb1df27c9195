/** The buckets and their objects, in memory: they end with the simulator. */
import { createHash } from 'node:crypto';

export interface StoredObject {
  key: string;
  body: Buffer;
  etag: string;
  lastModified: Date;
  contentType: string;
  /** Further headers of a GET: encryption, metadata, cache control, ... */
  headers: Record<string, string>;
}

/** An unfinished upload: its parts cost money until a lifecycle rule ends it. */
export interface Upload {
  id: string;
  key: string;
  /** Headers of the request that began it, for the object. */
  headers: Record<string, string>;
  parts: Map<number, { body: Buffer; etag: string }>;
}

export interface Bucket {
  name: string;
  region: string;
  createdAt: Date;
  objects: Map<string, StoredObject>;
  /** Unfinished uploads, by id. */
  uploads: Map<string, Upload>;
  /** Key of its default encryption (SSE-KMS); null for S3's own (SSE-S3). */
  kmsKeyArn: string | null;
}

export class Buckets {
  private readonly buckets = new Map<string, Bucket>();

  get(name: string): Bucket | undefined {
    return this.buckets.get(name);
  }

  all(): Bucket[] {
    return [...this.buckets.values()];
  }

  create(name: string, region: string, kmsKeyArn: string | null = null): Bucket {
    const bucket: Bucket = { name, region, createdAt: new Date(), objects: new Map(), uploads: new Map(), kmsKeyArn };
    this.buckets.set(name, bucket);
    return bucket;
  }

  delete(name: string): void {
    this.buckets.delete(name);
  }
}

/** In quotes, as in HTTP. MD5, as in S3 for objects from one PUT. */
export function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

/** Keys in UTF-8 binary order, as S3 lists them. */
export function sortedKeys(bucket: Bucket, prefix: string): string[] {
  return [...bucket.objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
