/** Keys of a cluster in the bucket, below `clusters/<name>/`. */
export const BUCKET_KEY = {
  /** Written by people, never by the operator; deleted after everything else. */
  config: 'config.yaml',
  status: 'status.yaml',
  serverToken: 'k3s-server-token',
  agentToken: 'k3s-agent-token',
  /** The next server token, until every server has it. */
  nextToken: 'k3s-next-server-token',
  kubeconfig: 'kubeconfig',
  /** Names the workflow that owns the name; changed by conditional writes only. */
  owner: 'owner.json',
  /** The last notification. */
  notified: 'notified.json',
} as const;

export type BucketKey = (typeof BUCKET_KEY)[keyof typeof BUCKET_KEY];

/** Returns the key of the files of a group of nodes, below `clusters/<name>/`. */
export const filesKey = (group: string): string => `node-files/${group}`;

/**
 * Keys that a delete removes, in this order: config.yaml late, so that an interrupted delete still shows what it was; the owner last, so
 * that no one claims the name during the delete.
 */
export const KEYS_TO_FORGET: readonly BucketKey[] = [
  BUCKET_KEY.kubeconfig,
  BUCKET_KEY.serverToken,
  BUCKET_KEY.agentToken,
  BUCKET_KEY.nextToken,
  BUCKET_KEY.notified,
  BUCKET_KEY.status,
  BUCKET_KEY.config,
  BUCKET_KEY.owner,
];

/** Metadata of a `config.yaml` whose writer notifies the workflow itself, as `keelson apply` does: Keelson ignores its event. */
export const TOLD_BY = 'keelson-told-by';

export const bucketPrefix = (cluster: string): string => `clusters/${cluster}/`;
export const bucketKeyOf = (cluster: string, key: BucketKey): string => bucketPrefix(cluster) + key;
