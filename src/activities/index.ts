import type { Logger } from 'pino';
import { AccountAnswers } from '../aws/account/questions.js';
import { createBucket } from '../aws/bucket.js';
import type { AwsClients } from '../aws/clients.js';
import { gates } from '../aws/gate.js';
import { type InstallationSource, installationOf } from '../aws/installation.js';
import { createRateLimiter } from '../aws/rate-limiter.js';
import { createReaders } from '../aws/readers.js';
import type { MirrorPolicy } from '../mirror/policy.js';
import type { Activities } from './api.js';
import { activity } from './attempt.js';
import { findBackup } from './backup/find-backup.js';
import { removeBackups } from './backup/remove-backups.js';
import { saveBackup } from './backup/save-backup.js';
import { claimCluster } from './claim.js';
import type { ActivityDeps } from './deps.js';
import { awaitInstance } from './ec2/await-instance.js';
import { ensureDrillGroup } from './ec2/drill-group.js';
import { findCluster } from './ec2/find-cluster.js';
import { launchInstance } from './ec2/launch.js';
import { launchInstances } from './ec2/launch-batch.js';
import { observeInstances } from './ec2/observe-instances.js';
import { observeSecurityGroups } from './ec2/observe-security-groups.js';
import { modifyInstanceType, rebootInstances, setInstanceGroups, startInstances, stopInstances } from './ec2/power.js';
import { saveRootVolume } from './ec2/save-root-volume.js';
import { ensureSecurityGroups } from './ec2/security-groups.js';
import { findServerDisks } from './ec2/server-disks.js';
import { sweep } from './ec2/sweep.js';
import { tagInstances } from './ec2/tag-batch.js';
import { tagInstance } from './ec2/tag-instance.js';
import { terminateInstances } from './ec2/terminate.js';
import { Fence } from './fence.js';
import type { Channel } from './notify/channels.js';
import { createNotifier } from './notify/notifier.js';
import { resolveLaunchConfig } from './preflight/index.js';
import { runOnNodes } from './ssm/run-on-nodes.js';
import { StatusHolds } from './status-holds.js';
import { forget, storeFiles, writeStatus } from './store.js';
import { findDataVolumes } from './volumes/find.js';
import { provideDataVolumes } from './volumes/provide.js';
import { ensureWatch } from './watch/ensure-watch.js';
import { tellUnobserved } from './watch/tell-unobserved.js';
import { watchRegion } from './watch/watch-region.js';
import type { WorkflowNotifier } from './watch/workflow-notifier.js';

export interface ActivitiesOptions {
  clients: AwsClients;
  /** Name of the operator's bucket. */
  bucket: string;
  logger: Logger;
  /** For documents that name no instance profile. */
  defaultInstanceProfile: string | null;
  /** What the operator allows of mirrors; null, for tests, asks any address. */
  mirrors: MirrorPolicy | null;
  /** The same that the clients ask before they send; by default one of its own. */
  fence?: Fence;
  /** By default what the bucket says. */
  installation?: InstallationSource;
  /** Tells the server's own id of the namespace; without it all namespaces of a name count as one. */
  namespaceId?: () => Promise<string>;
  /** How the region watch speaks to workflows; without one it notifies no one. */
  workflowNotifier?: WorkflowNotifier;
  /** See ActivityDeps; by default the worker has no queue. */
  events?: ActivityDeps['events'];
  /** Where people are notified; by default nowhere. */
  channels?: readonly Channel[];
  /** What the worker's sinks release; without it each hold lasts its time. */
  statusHolds?: StatusHolds;
  /** See ActivityDeps; by default 1 GiB. */
  partBytes?: number;
  /** Milliseconds between two observations that waiting activities share; by default 500. */
  tick?: number;
}

/** Commands that are rendered and sent at once: each waits for AWS for a tenth of a second, so that 500 are sent in three. */
const SENDS_AT_ONCE = 20;

/** A third of the watch's heartbeat time-out. Each heartbeat that reaches the server is billed, and the watch has one for ever. [docs: Temporal actions] */
const WATCH_BEAT_MS = 8_000;

/** A cut in a larger one would cost too much to be sent again; 24 parts are more than etcd holds. */
const PART_BYTES = 1_073_741_824;

/** A third of the heartbeat time-out of a backup by schedule; one that takes as long as most do has none. */
const BACKUP_BEAT_MS = 30_000;

/** Only reads, or finds the same job again. [docs/adr/0077] */
const REPEATABLE = { isRepeatable: true } as const;

const NO_MESSENGER: WorkflowNotifier = {
  reconcile: async () => 'absent',
  report: async () => 'absent',
  observing: async () => undefined,
  ensureWatch: async () => undefined,
  openClusters: async () => [],
};

/** Returns all activities, bound to one worker's clients. Their contract is in api.ts. */
export function createActivities(options: ActivitiesOptions): Activities {
  const { clients, logger, defaultInstanceProfile, channels = [] } = options;
  const bucket = createBucket(clients, options.bucket);
  const deps: ActivityDeps = {
    clients,
    readers: createReaders(clients, options.tick),
    ...(options.tick !== undefined && { tick: options.tick }),
    answers: new AccountAnswers(),
    bucket,
    installation: options.installation ?? installationOf(bucket, null),
    namespaceId: options.namespaceId ?? (async () => ''),
    sends: gates(SENDS_AT_ONCE),
    pace: createRateLimiter(),
    fence: options.fence ?? new Fence(),
    workflowNotifier: options.workflowNotifier ?? NO_MESSENGER,
    notifier: channels.length === 0 ? null : createNotifier(bucket, channels),
    events: options.events ?? (() => undefined),
    statusHolds: options.statusHolds ?? new StatusHolds(),
    logger,
    defaultInstanceProfile,
    mirrors: options.mirrors ?? null,
    partBytes: options.partBytes ?? PART_BYTES,
  };
  return {
    resolveLaunchConfig: activity(deps, 'resolveLaunchConfig', resolveLaunchConfig),
    ensureSecurityGroups: activity(deps, 'ensureSecurityGroups', ensureSecurityGroups),
    ensureDrillGroup: activity(deps, 'ensureDrillGroup', ensureDrillGroup),
    observeSecurityGroups: activity(deps, 'observeSecurityGroups', observeSecurityGroups),
    launchInstance: activity(deps, 'launchInstance', launchInstance),
    launchInstances: activity(deps, 'launchInstances', launchInstances),
    awaitInstance: activity(deps, 'awaitInstance', awaitInstance, REPEATABLE),
    claimCluster: activity(deps, 'claimCluster', claimCluster),
    findCluster: activity(deps, 'findCluster', findCluster),
    observeInstances: activity(deps, 'observeInstances', observeInstances),
    startInstances: activity(deps, 'startInstances', startInstances),
    stopInstances: activity(deps, 'stopInstances', stopInstances),
    rebootInstances: activity(deps, 'rebootInstances', rebootInstances),
    setInstanceGroups: activity(deps, 'setInstanceGroups', setInstanceGroups),
    modifyInstanceType: activity(deps, 'modifyInstanceType', modifyInstanceType),
    tagInstance: activity(deps, 'tagInstance', tagInstance),
    tagInstances: activity(deps, 'tagInstances', tagInstances),
    saveRootVolume: activity(deps, 'saveRootVolume', saveRootVolume),
    findServerDisks: activity(deps, 'findServerDisks', findServerDisks),
    findDataVolumes: activity(deps, 'findDataVolumes', findDataVolumes),
    provideDataVolumes: activity(deps, 'provideDataVolumes', provideDataVolumes),
    terminateInstances: activity(deps, 'terminateInstances', terminateInstances),
    sweep: activity(deps, 'sweep', sweep),
    runOnNodes: activity(deps, 'runOnNodes', runOnNodes, REPEATABLE),
    writeStatus: activity(deps, 'writeStatus', writeStatus),
    ensureWatch: activity(deps, 'ensureWatch', ensureWatch),
    watchRegion: activity(deps, 'watchRegion', watchRegion, { beatMs: WATCH_BEAT_MS }),
    tellUnobserved: activity(deps, 'tellUnobserved', tellUnobserved),
    findBackup: activity(deps, 'findBackup', findBackup),
    saveBackup: activity(deps, 'saveBackup', saveBackup, { beatMs: BACKUP_BEAT_MS }),
    removeBackups: activity(deps, 'removeBackups', removeBackups),
    forget: activity(deps, 'forget', forget),
    storeFiles: activity(deps, 'storeFiles', storeFiles),
  };
}
