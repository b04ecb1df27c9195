import { compareVersions, type K3sVersion, parseVersion } from './version.js';

/**
 * First K3s releases, by minor version, whose etcd may be followed by etcd 3.6: they carry etcd 3.5.26 or a later one. After an earlier
 * etcd 3.5, removed members can come back with the upgrade, and a cluster whose servers were ever replaced loses its quorum to them. [k3s
 * #13485, #13493, #13494; etcd: "zombie members" upgrade notice of December 2025]
 */
const READY_FOR_3_6: Readonly<Record<number, string>> = { 32: 'v1.32.11+k3s3', 33: 'v1.33.7+k3s3' };

/** K3s of this minor version and later ones carry etcd 3.6 in every release. [k3s: go.mod of release-1.34] */
const ETCD_3_6 = 34;

/** Later releases of v1.33 carry etcd 3.6, too; the first one is not documented, so all after the one with 3.5.26 count. [k3s #14183] */
const mayHave36 = (version: K3sVersion): boolean =>
  version.minor >= ETCD_3_6 || (version.minor === 33 && version.patch > 7);

/** Returns whether the release's etcd leaves nothing behind that etcd 3.6 would bring back. */
function isReadyFor36(version: K3sVersion): boolean {
  if (version.minor >= ETCD_3_6) return true;
  const least = parseVersion(READY_FOR_3_6[version.minor] ?? '');
  return least !== null && compareVersions(version, least) >= 0;
}

/**
 * Returns the K3s release that must run on all servers before the change from one version to the other; null if none is needed.
 *
 * @param from oldest K3s version of a node
 */
export function releaseBetween(from: string, to: string): string | null {
  const [old, next] = [parseVersion(from), parseVersion(to)];
  if (old === null || next === null || !mayHave36(next) || isReadyFor36(old)) return null;
  return READY_FOR_3_6[old.minor] ?? READY_FOR_3_6[32] ?? null;
}
