import type { BackupManifest } from '../backup/manifest.js';
import { diffDocuments } from '../diff.js';
import { parseVersion } from '../k3s/version.js';
import type { ClusterDocument } from '../spec/schema.js';
import { pathText } from '../spec/violation.js';

/**
 * Returns the document of a cluster that is made from a backup: that of the backup's time, with another name, and another region if one is
 * given.
 *
 * @returns with it the paths of values that exist in the old region alone, if the region is another one
 */
export function restoredDocument(
  stored: ClusterDocument,
  name: string,
  region: string = stored.spec.region,
): { document: ClusterDocument; unmovable: string[] } {
  const document = {
    ...stored,
    metadata: { ...stored.metadata, name },
    // A restored cluster runs, whatever the old one was about to do at that time.
    spec: { ...stored.spec, region, state: 'running' as const, paused: false },
  };
  return { document, unmovable: region === stored.spec.region ? [] : regional(stored) };
}

/** Returns the values that have other ids in each region of AWS. */
function regional({ spec }: ClusterDocument): string[] {
  const { network, image, pools, servers } = spec;
  const volumes = [
    ['spec.servers', servers.rootVolume.kmsKeyId],
    ...pools.map(({ name, rootVolume }) => [`spec.pools.${name}`, rootVolume.kmsKeyId]),
  ].flatMap(([path, key]) => (key === undefined ? [] : [`${path}.rootVolume.kmsKeyId`]));
  const named: [string, boolean][] = [
    ['spec.network.vpcId', network.vpcId !== undefined],
    ['spec.network.subnetIds', (network.subnetIds ?? []).length > 0],
    ['spec.network.securityGroupIds', (network.securityGroupIds ?? []).length > 0],
    ['spec.network.extraSecurityGroupIds', (network.extraSecurityGroupIds ?? []).length > 0],
    ['spec.image.id', image !== undefined && 'id' in image && image.id !== undefined],
    ...pools.map(({ name, zones }): [string, boolean] => [`spec.pools.${name}.zones`, zones !== undefined]),
  ];
  return [...named.filter(([, is]) => is).map(([path]) => path), ...volumes];
}

/**
 * Returns why the document does not fit a cluster from this backup; empty when it does. Settings from the start of a cluster lie in its
 * etcd: a document with others would describe another cluster.
 */
export function unfitForBackup(
  { document: then, k3s, id }: Pick<BackupManifest, 'document' | 'k3s' | 'id'>,
  document: ClusterDocument,
  name: string,
): string[] {
  const problems: string[] = [];
  if (document.metadata.name !== name)
    problems.push(`metadata.name is ${document.metadata.name}, and --into says ${name}`);
  if (document.spec.state !== 'running')
    problems.push('spec.state is stopped: a backup is restored into a cluster that runs');
  if (document.spec.paused) problems.push('spec.paused is true: nothing would be restored');
  const [saved, own] = [parseVersion(k3s), parseVersion(document.spec.k3s.version)];
  if (saved !== null && own !== null && saved.minor > own.minor)
    problems.push(
      `spec.k3s.version is ${document.spec.k3s.version}, and backup ${id} is of ${k3s}: an older minor version cannot restore it; --with-version takes that of the backup`,
    );
  const lifelong = diffDocuments(then, document, null).filter(
    (change) => change.class === 'recreate-refused' && change.path[1] === 'k3s',
  );
  return [...problems, ...lifelong.map(({ path, reason }) => `${pathText(path)} is not as in backup ${id}: ${reason}`)];
}
