/** Keys of a cluster in the bucket, below `clusters/<name>/`. */
export const BUCKET_KEY = {
  /** People's; never written by the operator, deleted when all else is gone. */
  config: 'config.yaml',
  status: 'status.yaml',
  serverToken: 'k3s-server-token',
  agentToken: 'k3s-agent-token',
  /** The next server token, until every server has it. */
  nextToken: 'k3s-next-server-token',
  kubeconfig: 'kubeconfig',
  /** Which workflow owns the name; changed by conditional writes only. */
  owner: 'owner.json',
  /** What people were notified of last. */
  notified: 'notified.json',
} as const;

export type BucketKey = (typeof BUCKET_KEY)[keyof typeof BUCKET_KEY];

/** Where the files of a group of nodes are, below `clusters/<name>/`. */
export const filesKey = (group: string): string => `node-files/${group}`;

/**
 * What a delete removes, in this order: config.yaml late, so that an interrupted delete still shows what it was; the owner last, so that
 * no one claims the name while something is deleted.
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

/** Metadata of a `config.yaml` whose writer tells the workflow himself, as `keelson apply` does: its event is passed over. */
export const TOLD_BY = 'keelson-told-by';

export const bucketPrefix = (cluster: string): string => `clusters/${cluster}/`;
export const bucketKeyOf = (cluster: string, key: BucketKey): string => bucketPrefix(cluster) + key;
