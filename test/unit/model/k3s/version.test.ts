import { describe, expect, it } from 'vitest';
import { compareVersions, parseVersion, upgradeSkew } from '#src/model/k3s/version.js';

describe('K3s versions', () => {
  it('are ordered by minor, patch, candidate and build', () => {
    // Prepare
    const ordered = [
      'v1.9.9+k3s9',
      'v1.34.2-rc1+k3s1',
      'v1.34.2-rc2+k3s1',
      'v1.34.2+k3s1',
      'v1.34.2+k3s2',
      'v1.34.10+k3s1',
      'v1.35.0+k3s1',
    ];
    // Act
    const sorted = ordered.toReversed().toSorted((a, b) => {
      const [left, right] = [parseVersion(a), parseVersion(b)];
      return left && right ? compareVersions(left, right) : Number.NaN;
    });
    // Assess
    expect(sorted).toEqual(ordered);
  });

  it.each(['1.34.2+k3s1', 'v1.34+k3s1', 'v1.34.2', 'v1.34.2+rke2r1', 'latest', ''])('are not "%s"', (text) => {
    expect(parseVersion(text)).toBeNull();
  });

  it.each([
    ['v1.34.2+k3s1', 'v1.34.2+k3s1', 'none'],
    ['v1.34.2+k3s1', 'v1.34.2+k3s2', 'patch'],
    ['v1.34.2-rc1+k3s1', 'v1.34.2+k3s1', 'patch'],
    ['v1.34.2+k3s1', 'v1.35.0+k3s1', 'minor'],
  ])('go from %s to %s', (from, to, change) => {
    expect(upgradeSkew(from, to)).toEqual({ ok: true, change });
  });

  it.each([
    ['v1.34.2+k3s1', 'v1.34.1+k3s1', /older/, /keep v1\.34\.2/],
    ['v1.34.2+k3s1', 'v1.36.0+k3s1', /skips a minor/, /v1\.35 release first/],
    ['v1.34.2+k3s1', 'v2.0.0+k3s1', /major/, /new cluster/],
    ['v1.34.2+k3s1', 'latest', /"latest" is not/, /v1\.34\.2/],
  ])('do not go from %s to %s', (from, to, reason, hint) => {
    // Act
    const skew = upgradeSkew(from, to);
    // Assess
    expect(skew.ok ? '' : skew.reason).toMatch(reason);
    expect(skew.ok ? '' : skew.hint).toMatch(hint);
  });
});
