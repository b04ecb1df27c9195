import type { Logger } from 'pino';
import type { Bucket } from '../aws/bucket.js';
import type { AwsClients } from '../aws/clients.js';
import type { InstallationSource } from '../aws/installation.js';
import type { Pace } from '../aws/pace.js';
import type { Readers } from '../aws/readers.js';
import type { MirrorPolicy } from '../mirror/policy.js';
import type { Fence } from './fence.js';
import type { Notifier } from './notify/notifier.js';
import type { Messenger } from './watch/messenger.js';

/** What the activities are given; made once per worker. */
export interface ActivityDeps {
  clients: AwsClients;
  /** Readers that waiting activities share, by region. */
  readers: Readers;
  /** Milliseconds between two looks of the readers, where it is not the default. */
  tick?: number;
  bucket: Bucket;
  /** Whose worker this is. */
  installation: InstallationSource;
  /** Turns for calls that AWS allows only a few a second. */
  pace: Pace;
  /** Refuses attempts that the process may have lost while it stood still. */
  fence: Fence;
  /** The Temporal server's own id of the namespace. */
  namespaceId: () => Promise<string>;
  messenger: Messenger;
  /** Tells people who do not look; null where the environment names no receiver. */
  notifier: Notifier | null;
  logger: Logger;
  /** For documents that name no instance profile (KEELSON_INSTANCE_PROFILE). */
  defaultInstanceProfile: string | null;
  /** What the operator allows of mirrors; null asks any address. */
  mirrors: MirrorPolicy | null;
}
