import { describe, expect, it } from 'vitest';
import { OWNED_KEYS } from '#src/model/k3s/keys.js';
import { pool, sample, textsOf } from '../sample.js';

const config = (fields: Record<string, unknown>) => sample({ k3s: { version: 'v1.34.2+k3s1', config: fields } });
const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, 'x']));

const REFUSED: [string, unknown, RegExp][] = [
  // names
  [
    'two pools of one name',
    sample({ pools: [pool(), pool()] }),
    /^spec\.pools\[1\]\.name: "workers" is the name of spec\.pools\[0\] too/,
  ],
  [
    'a pool called server',
    sample({ pools: [pool({ name: 'server' })] }),
    /^spec\.pools\[0\]\.name: "server" is reserved/,
  ],
  [
    'node names beyond 63 characters',
    sample({ pools: [pool({ name: 'a'.repeat(30) })] }, { name: 'b'.repeat(40) }),
    /^spec\.pools\[0\]\.name: node names such as .* more than 63 characters \(shorten .* by 16\)/,
  ],
  // size
  [
    'more agents in all than allowed',
    sample({
      pools: [pool({ count: 300 }), pool({ name: 'b', count: 300 })],
      k3s: { version: 'v1.34.2+k3s1', config: { 'cluster-cidr': '10.32.0.0/12', 'service-cidr': '10.64.0.0/16' } },
    }),
    /^spec\.pools: has 600 agents/,
  ],
  [
    'a whole pool away at once',
    sample({ pools: [pool()], upgrade: { maxUnavailable: 2 } }),
    /^spec\.upgrade\.maxUnavailable: is 2, .* 2 agents/,
  ],
  [
    'servers that repel pods and no agents',
    config({ 'node-taint': ['CriticalAddonsOnly=true:NoExecute'] }),
    /^spec\.k3s\.config\.node-taint: keeps pods off all 3 servers of mode ha/,
  ],
  // labels
  [
    'a label key with a space',
    sample({}, { labels: { 'a b': 'x' } }),
    /^metadata\.labels\["a b"\]: is not a label key/,
  ],
  [
    'a label value with a slash',
    sample({ pools: [pool({ labels: { a: 'x/y' } })] }),
    /^spec\.pools\[0\]\.labels\.a: "x\/y" is not a label value/,
  ],
  [
    'a label value of 64 characters',
    sample({ pools: [pool({ labels: { a: 'x'.repeat(64) } })] }),
    /is not a label value/,
  ],
  [
    'a label that no kubelet takes',
    sample({ pools: [pool({ labels: { 'node-role.kubernetes.io/worker': 'true' } })] }),
    /a kubelet refuses/,
  ],
  // taints
  [
    'a taint without effect',
    sample({ pools: [pool({ taints: ['dedicated=batch'] })] }),
    /^spec\.pools\[0\]\.taints\[0\]: "dedicated=batch" is not a taint/,
  ],
  [
    'a taint with an unknown effect',
    sample({ pools: [pool({ taints: ['a=b:NoRun'] })] }),
    /effects: NoSchedule, PreferNoSchedule, NoExecute/,
  ],
  [
    'a taint twice',
    sample({ pools: [pool({ taints: ['a=b:NoExecute', 'a=c:NoExecute'] })] }),
    /^spec\.pools\[0\]\.taints\[1\]: a second taint a:NoExecute/,
  ],
  [
    'a broken taint of the servers',
    config({ 'node-taint': ['x'] }),
    /^spec\.k3s\.config\.node-taint\[0\]: "x" is not a taint/,
  ],
  // k3s.config
  [
    'an owned key with + behind',
    config({ 'tls-san+': ['a'] }),
    /^spec\.k3s\.config\["tls-san\+"\]: is set by Keelson \(use spec\.access/,
  ],
  ['a secret', config({ 'etcd-s3-secret-key': 'x' }), /a secret does not belong/],
  ['a slip of the pen', config({ 'secret-encryption': true }), /did you mean secrets-encryption\?/],
  ['a key with dashes in front', config({ '--disable': 'traefik' }), /is not a K3s setting \(did you mean disable\?\)/],
  // networks
  [
    'an address for a network',
    sample({ access: { apiCidrs: ['203.0.113.7/24'] } }),
    /^spec\.access\.apiCidrs\[0\]: .* not the network \(203\.0\.113\.0\/24\)/,
  ],
  ['a network without prefix length', sample({ access: { apiCidrs: ['203.0.113.7'] } }), /is not an IPv4 network/],
  ['an IPv6 network', sample({ access: { apiCidrs: ['2001:db8::/32'] } }), /is not an IPv4 network/],
  [
    'a network twice',
    sample({ access: { apiCidrs: ['203.0.113.0/24', '203.0.113.0/24'] } }),
    /^spec\.access\.apiCidrs\[1\]: .* is there twice/,
  ],
  [
    'a subnet twice',
    sample({ network: { subnetIds: ['subnet-12345678', 'subnet-12345678'] } }),
    /^spec\.network\.subnetIds\[1\]: .* is there twice/,
  ],
  [
    'networks for a group that is not ours',
    sample({ access: { apiCidrs: ['203.0.113.0/24'] }, network: { securityGroupIds: ['sg-12345678'] } }),
    /^spec\.access\.apiCidrs: has no effect together with/,
  ],
  [
    'pods in the network of services',
    config({ 'cluster-cidr': '10.43.128.0/17' }),
    /^spec\.k3s\.config\.cluster-cidr: .* overlap/,
  ],
  [
    'pods and services in one network',
    config({ 'cluster-cidr': '10.0.0.0/8', 'service-cidr': '10.96.0.0/12' }),
    /^spec\.k3s\.config\.service-cidr: .* overlap/,
  ],
  [
    'a cluster network that is none',
    config({ 'cluster-cidr': 'ten' }),
    /^spec\.k3s\.config\.cluster-cidr: "ten" is not an IPv4 network/,
  ],
  // times
  [
    'a drain of no time',
    sample({ upgrade: { drainTimeout: '0s' } }),
    /^spec\.upgrade\.drainTimeout: is 0s \(from 10s to 2h\)/,
  ],
  ['a grace of a day', sample({ health: { gracePeriod: '24h' } }), /^spec\.health\.gracePeriod: is 24h/],
  // tags
  ['a tag of AWS', sample({ tags: { 'aws:x': '1' } }), /^spec\.tags\["aws:x"\]: the prefix aws: is reserved for AWS/],
  ['a tag of Keelson', sample({ tags: { 'Keelson:uid': '1' } }), /reserved for Keelson/],
  ['the tag Name', sample({ tags: { Name: 'x' } }), /^spec\.tags\.Name: Name is set by Keelson/],
  ['45 tags', sample({ tags: tags(45) }), /^spec\.tags: has 45 tags \(at most 44/],
  ['a tag key of 129 characters', sample({ tags: { ['k'.repeat(129)]: 'x' } }), /the key has 129 characters/],
  ['a tag value of 257 characters', sample({ tags: { k: 'x'.repeat(257) } }), /the value has 257 characters/],
  ['a tag with odd characters', sample({ tags: { k: 'a<b' } }), /characters that AWS refuses/],
  // later
  [
    'hibernation',
    sample({ hibernation: { stop: '0 20 * * 1-5', start: '0 7 * * 1-5' } }),
    /^spec\.hibernation: is not supported yet/,
  ],
];

/** Parts that are refused for now still have to be right, so that the list does not grow when they are allowed. */
const REFUSED_TOO: [string, unknown, RegExp][] = [
  [
    'a minute of 60',
    sample({ backup: { schedule: '60 * * * *' } }),
    /^spec\.backup\.schedule: "60" is no minute \(0 to 59\)/,
  ],
  [
    'a backup on a day that never comes',
    sample({ backup: { schedule: '0 0 30 2 *' } }),
    /^spec\.backup\.schedule: never comes/,
  ],
  [
    'a backup every two minutes',
    sample({ backup: { schedule: '*/2 * * * *' } }),
    /^spec\.backup\.schedule: comes more often than every five minutes/,
  ],
  [
    'a backup that wraps around the hour too soon',
    sample({ backup: { schedule: '1,58 * * * *' } }),
    /^spec\.backup\.schedule: comes more often/,
  ],
  ['a step of 0', sample({ backup: { schedule: '*/0 * * * *' } }), /is no minute/],
  ['a range that goes back', sample({ backup: { schedule: '0 5-2 * * *' } }), /is no hour/],
  ['a month that is none', sample({ backup: { schedule: '0 0 1 foo *' } }), /is no month/],
  [
    'a time zone that is none',
    sample({ hibernation: { stop: '0 20 * * *', start: '0 7 * * *', timezone: 'Europe/Atlantis' } }),
    /not an IANA time zone/,
  ],
  [
    'sleep without waking',
    sample({ hibernation: { stop: '0 7 * * *', start: '0 7 * * *' } }),
    /starts and stops at the same times/,
  ],
];

const ACCEPTED: [string, unknown][] = [
  ['dev with a pool', sample({ mode: 'dev', pools: [pool()] })],
  ['44 tags', sample({ tags: tags(44) })],
  ['tags in other scripts', sample({ tags: { Kostenträger: 'Größe 1 + 2' } })],
  [
    'servers that repel pods beside agents',
    sample({ pools: [pool()], k3s: { version: 'v1.34.2+k3s1', config: { 'node-taint': ['a:NoSchedule'] } } }),
  ],
  [
    'labels that a kubelet takes',
    sample({ pools: [pool({ labels: { 'node.kubernetes.io/role': 'x', 'example.org/a': '' } })] }),
  ],
  ['both networks of the cluster', config({ 'cluster-cidr': '10.0.0.0/16', 'service-cidr': '10.1.0.0/16' })],
  ['the whole world', sample({ access: { apiCidrs: ['0.0.0.0/0'] } })],
  [
    'a setting that a later K3s may know',
    sample({ k3s: { version: 'v1.49.0+k3s1', config: { 'brand-new-thing': true } } }),
  ],
  ['a release candidate', sample({ k3s: { version: 'v1.35.0-rc2+k3s1' } })],
  ['regions of every partition', sample({ region: 'us-gov-west-1' })],
];

describe('rules between fields', () => {
  it.each(REFUSED)('refuse %s', (_what, value, expected) => {
    // Act
    const texts = textsOf(value);
    // Assess
    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(expected);
  });

  it.each(REFUSED_TOO)('refuse %s beside a part that is not supported yet', (_what, value, expected) => {
    expect(textsOf(value).some((text) => expected.test(text))).toBe(true);
  });

  it.each(ACCEPTED)('accept %s', (_what, value) => {
    expect(textsOf(value)).toEqual([]);
  });

  it.each(Object.keys(OWNED_KEYS))('refuse k3s.config.%s, which Keelson owns', (key) => {
    expect(textsOf(config({ [key]: 'x' }))[0]).toMatch(/is set by Keelson \(.+\)$/);
  });
});
