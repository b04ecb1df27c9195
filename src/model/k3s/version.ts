/** K3s releases: `v1.34.2+k3s1`, `v1.34.2-rc1+k3s1`. */
export interface K3sVersion {
  major: number;
  minor: number;
  patch: number;
  /** Number of the release candidate; null for a release, which is newer than all its candidates. */
  candidate: number | null;
  /** The part after `+k3s`. */
  build: number;
}

const PATTERN = /^v(\d+)\.(\d+)\.(\d+)(?:-rc(\d+))?\+k3s(\d+)$/;

export function parseVersion(text: string): K3sVersion | null {
  const match = PATTERN.exec(text);
  if (match === null) return null;
  const [major = 0, minor = 0, patch = 0] = match.slice(1, 4).map(Number);
  return { major, minor, patch, candidate: match[4] === undefined ? null : Number(match[4]), build: Number(match[5]) };
}

/** Returns a negative number when `a` is older, a positive one when it is newer, 0 when equal. */
export function compareVersions(a: K3sVersion, b: K3sVersion): number {
  return (
    a.major - b.major ||
    a.minor - b.minor ||
    a.patch - b.patch ||
    (a.candidate ?? Number.MAX_SAFE_INTEGER) - (b.candidate ?? Number.MAX_SAFE_INTEGER) ||
    a.build - b.build
  );
}

export type Skew = { ok: true; change: 'none' | 'patch' | 'minor' } | { ok: false; reason: string; hint: string };

/**
 * Returns whether a cluster may go from one version to the other in one step: no downgrade, no minor version skipped.
 * [docs: K3s upgrades; Kubernetes version skew policy]
 */
export function upgradeSkew(from: string, to: string): Skew {
  const [old, next] = [parseVersion(from), parseVersion(to)];
  if (old === null || next === null) {
    const bad = old === null ? from : to;
    return { ok: false, reason: `"${bad}" is not a K3s version`, hint: 'a version looks like v1.34.2+k3s1' };
  }
  const order = compareVersions(next, old);
  if (order === 0) return { ok: true, change: 'none' };
  if (order < 0) {
    return {
      ok: false,
      reason: `${to} is older than ${from}, and K3s does not go back`,
      hint: `keep ${from}, or make a new cluster`,
    };
  }
  if (next.major !== old.major) {
    return { ok: false, reason: `${to} is another major version than ${from}`, hint: 'make a new cluster' };
  }
  if (next.minor > old.minor + 1) {
    const via = `v${old.major}.${old.minor + 1}`;
    return { ok: false, reason: `${to} skips a minor version after ${from}`, hint: `go to a ${via} release first` };
  }
  return { ok: true, change: next.minor === old.minor ? 'patch' : 'minor' };
}
