/** Which etcd a release of K3s carries. */
import { compareVersions, parseVersion } from '../../../../src/model/k3s/version.js';

/** From the release on, the newest first. [k3s release notes, "Embedded Component Versions"; k3s #13493; docs/adr/0089] */
const CARRIED = [
  ['v1.34.0+k3s1', '3.6.4'],
  ['v1.33.7+k3s3', '3.5.26'],
] as const;
const BEFORE = '3.5.21';

/** @param k3s version of its binary; any other text has the newest etcd */
export function etcdOf(k3s: string): string {
  const version = parseVersion(k3s);
  const isSince = (from: string): boolean => {
    const first = parseVersion(from);
    return version === null || (first !== null && compareVersions(version, first) >= 0);
  };
  return CARRIED.find(([from]) => isSince(from))?.[1] ?? BEFORE;
}

/** Whether it keeps nothing of its log before a new member's first entry, so that this one begins with a snapshot. [etcd source: compactRaftLog] */
export const sendsSnapshots = (etcd: string): boolean => !etcd.startsWith('3.5.');
