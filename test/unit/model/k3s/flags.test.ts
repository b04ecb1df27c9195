import { describe, expect, it } from 'vitest';
import { flagOf, isChecked, knowledgeOf } from '#src/model/k3s/flag-of.js';
import { CHECKED_MINORS, K3S_FLAGS, SHORT_FLAGS } from '#src/model/k3s/flags.js';
import { CRITICAL_KEYS, isServerOnly, LIFELONG_KEYS, OWNED_KEYS, SECRET_KEYS } from '#src/model/k3s/keys.js';

const names = Object.keys(K3S_FLAGS);
const ofVersion = (version: string) => names.filter((name) => knowledgeOf(name, version).is === 'known');

describe("the table of K3s's flags", () => {
  // K3s's own `k3s server --help` and `k3s agent --help`, hidden flags included. [rancher/rke2 v1.34.10+rke2r1: pkg/cli/cmds]
  it('has as many flags as K3s v1.34.10 lists', () => {
    const known = ofVersion('v1.34.10+k3s1').map((name) => K3S_FLAGS[name]?.on);
    expect(known.filter((on) => on !== 'agent')).toHaveLength(125);
    expect(known.filter((on) => on !== 'server')).toHaveLength(46);
  });

  it('knows every key that Keelson treats by name', () => {
    const named = [...CRITICAL_KEYS, ...LIFELONG_KEYS, ...Object.keys(OWNED_KEYS), ...Object.keys(SECRET_KEYS)];
    expect(named.filter((key) => flagOf(key) === undefined)).toEqual([]);
    expect(Object.values(SHORT_FLAGS).filter((key) => flagOf(key) === undefined)).toEqual([]);
  });

  it('names as replacement only what the same release knows', () => {
    const replaced = Object.values(K3S_FLAGS).flatMap(({ useInstead }) => useInstead?.split(':')[0] ?? []);
    expect(replaced.filter((name) => name !== 'nothing' && flagOf(name) === undefined)).toEqual([]);
  });

  it.each([
    ['secrets-encryption-provider', 'v1.32.3+k3s1', 'not-yet'],
    ['secrets-encryption-provider', 'v1.32.4+k3s1', 'known'],
    ['secrets-encryption-provider', 'v1.31.7+k3s1', 'not-yet'],
    ['secrets-encryption-provider', 'v1.33.0+k3s1', 'known'],
    ['helm-controller-arg', 'v1.33.13+k3s1', 'not-yet'],
    ['helm-controller-arg', 'v1.34.10+k3s1', 'known'],
    ['helm-controller-arg', 'v1.99.0+k3s1', 'known'],
    ['no-deploy', 'v1.25.16+k3s4', 'known'],
    ['no-deploy', 'v1.26.0+k3s1', 'removed'],
    ['constructor', 'v1.34.2+k3s1', 'unknown'],
  ])('says of %s in %s that it is %s', (name, version, expected) => {
    expect(knowledgeOf(name, version).is).toBe(expected);
  });

  it('is complete for the minors that it was made from, and for no other', () => {
    const { oldest, newest } = CHECKED_MINORS;
    expect([oldest - 1, oldest, newest, newest + 1].map((minor) => isChecked(`v1.${minor}.0+k3s1`))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('gives agents what both commands know, and not the labels of the servers', () => {
    expect(['kubelet-arg', 'nonroot-devices', 'disable-apiserver-lb'].map(isServerOnly)).toEqual([false, false, false]);
    expect(['disable', 'node-label', 'node-taint+', 'brand-new-thing'].map(isServerOnly)).toEqual(Array(4).fill(true));
  });
});
