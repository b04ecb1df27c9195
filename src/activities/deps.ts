import type { Logger } from 'pino';
import type { Bucket } from '../aws/bucket.js';
import type { AwsClients } from '../aws/clients.js';
import type { Readers } from '../aws/readers.js';

/** What the activities are given; made once per worker. */
export interface ActivityDeps {
  clients: AwsClients;
  /** Readers that waiting activities share, by region. */
  readers: Readers;
  bucket: Bucket;
  logger: Logger;
  /** For documents that name no instance profile (KEELSON_INSTANCE_PROFILE). */
  defaultInstanceProfile: string | null;
}
