/** What a delete destroys. */
export interface Doomed {
  cluster: string;
  account: string;
  /** Null if no worker has answered. */
  region: string | null;
  nodes: { name: string; instanceId: string | null; instanceType: string | null }[] | null;
  /** Data volumes that outlive their nodes, and volumes and snapshots of replaced nodes. */
  kept: string[];
}

export function doomedText({ cluster, account, region, nodes, kept }: Doomed): string {
  const what = (nodes ?? []).map(
    ({ name, instanceId, instanceType }) =>
      `  ${name} (${instanceId ?? 'no instance yet'}, ${instanceType ?? 'no type yet'})`,
  );
  return [
    `delete ${cluster}: region ${region ?? 'unknown (no worker answers)'}, account ${account}`,
    ...(nodes === null ? ['  its nodes, which no worker names now'] : what),
    ...kept.map((one) => `  ${one}`),
    'Their disks, the security groups of the cluster and its objects in the bucket go with them. This cannot be undone.',
    `Its backups stay in the bucket for spec.backup.keepAfterDelete (30 days by default): keelson backups ${cluster}`,
  ].join('\n');
}
