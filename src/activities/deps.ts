import type { Logger } from 'pino';
import type { AccountAnswers } from '../aws/account/questions.js';
import type { Bucket } from '../aws/bucket.js';
import type { AwsClients } from '../aws/clients.js';
import type { Gate } from '../aws/gate.js';
import type { InstallationSource } from '../aws/installation.js';
import type { RateLimiter } from '../aws/rate-limiter.js';
import type { Readers } from '../aws/readers.js';
import type { MirrorPolicy } from '../mirror/policy.js';
import type { ErrorNote } from '../model/observation-failure.js';
import type { Fence } from './fence.js';
import type { Notifier } from './notify/notifier.js';
import type { StatusHolds } from './status-holds.js';
import type { WorkflowNotifier } from './watch/workflow-notifier.js';

/** What the activities depend on; made once per worker. */
export interface ActivityDeps {
  clients: AwsClients;
  /** Readers that waiting activities share, by region. */
  readers: Readers;
  /** Milliseconds between two rounds of the readers; the default if absent. */
  tick?: number;
  /** What this account has answered lately, for all clusters in it. */
  answers: AccountAnswers;
  bucket: Bucket;
  /** Installation of this worker. */
  installation: InstallationSource;
  /** By region, where commands for nodes pass: each has 50 KiB of text, and hundreds of jobs may begin at once. */
  sends: (region: string) => Gate;
  /** Queues for calls that AWS allows only a few times a second. */
  pace: RateLimiter;
  /** Refuses attempts that the process may have lost while it was suspended. */
  fence: Fence;
  /** The Temporal server's own id of the namespace. */
  namespaceId: () => Promise<string>;
  workflowNotifier: WorkflowNotifier;
  /** Why this worker cannot read the queue of events; null when it can, undefined without a queue. */
  events: () => Omit<ErrorNote, 'since'> | null | undefined;
  /** Notifies people who do not watch; null if the environment names no receiver. */
  notifier: Notifier | null;
  /** Writes of status.yaml that keep the next one waiting. */
  statusHolds: StatusHolds;
  logger: Logger;
  /** For documents that name no instance profile (KEELSON_INSTANCE_PROFILE). */
  defaultInstanceProfile: string | null;
  /** Largest single upload of a backup, in bytes; what is larger goes in parts of that size (KEELSON_BACKUP_PART_BYTES). */
  partBytes: number;
  /** Mirrors that the operator allows; null allows any. */
  mirrors: MirrorPolicy | null;
}
