/** The buckets and what is in them, in memory: they end with the region. */
import { createHash } from 'node:crypto';

export interface StoredObject {
  key: string;
  body: Buffer;
  etag: string;
  lastModified: Date;
  contentType: string;
  /** Further headers that are given back: encryption, metadata, cache control, ... */
  headers: Record<string, string>;
}

export interface Bucket {
  name: string;
  region: string;
  createdAt: Date;
  objects: Map<string, StoredObject>;
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
    const bucket: Bucket = { name, region, createdAt: new Date(), objects: new Map(), kmsKeyArn };
    this.buckets.set(name, bucket);
    return bucket;
  }

  delete(name: string): void {
    this.buckets.delete(name);
  }
}

/** In quotes, as in HTTP. MD5, as S3's is for objects put in one piece. */
export function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

/** Keys in UTF-8 binary order, as S3 lists them. */
export function sortedKeys(bucket: Bucket, prefix: string): string[] {
  return [...bucket.objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
