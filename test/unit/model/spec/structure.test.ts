import { describe, expect, it } from 'vitest';
import { pool, sample, textsOf } from './sample.js';

const k3s = (fields: Record<string, unknown>) => sample({ k3s: { version: 'v1.34.2+k3s1', ...fields } });

/** What is given, and the one violation that it has: path, what is wrong, what would be right. */
const CASES: [string, unknown, RegExp][] = [
  ['nothing', null, /^document: is nothing \(a mapping with apiVersion/],
  ['text', 'ha', /^document: is "ha" \(a mapping/],
  ['a list', [], /^document: is a list \(a mapping/],
  ['another apiVersion', { ...sample(), apiVersion: 'v2' }, /^apiVersion: is "v2" \(keelson\/v1\)/],
  ['an unknown key near a known one', sample({ regoin: 'x' }), /^spec\.regoin: unknown key \(did you mean region\?\)/],
  [
    'an unknown key in another case',
    sample({ servers: { instancetype: 'x', instanceType: 't3.medium' } }),
    /did you mean instanceType\?/,
  ],
  [
    'an unknown key near nothing',
    sample({ zzzzzz: 1 }),
    /^spec\.zzzzzz: unknown key \(known keys: region, account, mode/,
  ],
  [
    'a key known elsewhere',
    sample({ servers: { instanceType: 't3.medium', replicas: 3 } }),
    /^spec\.servers\.replicas: unknown key \(.*spec\.servers\.count/,
  ],
  [
    'a key of Object.prototype',
    JSON.parse(`{"__proto__": 1, ${JSON.stringify(sample()).slice(1)}`),
    /^__proto__: unknown key/,
  ],
  ['a wrong word', sample({ mode: 'hb' }), /^spec\.mode: is "hb" \(one of ha, dev\)/],
  ['a number for text', sample({ region: 3 }), /^spec\.region: is 3 \(text, for example eu-west-1\)/],
  ['text for a number', sample({ pools: [pool({ count: '2' })] }), /^spec\.pools\[0\]\.count: is "2" \(a whole number/],
  ['a fraction', sample({ pools: [pool({ count: 1.5 })] }), /^spec\.pools\[0\]\.count: is 1\.5/],
  ['a negative number', sample({ pools: [pool({ count: -1 })] }), /^spec\.pools\[0\]\.count: is -1 \(at least 0\)/],
  [
    'ten thousand nodes',
    sample({ pools: [pool({ count: 10_000 })] }),
    /^spec\.pools\[0\]\.count: is 10000 \(at most 500\)/,
  ],
  ['text for true', sample({ paused: 'yes' }), /^spec\.paused: is "yes" \(true or false/],
  ['null for a list', sample({ pools: null }), /^spec\.pools: is nothing \(a list\)/],
  ['a name in capitals', sample({}, { name: 'Demo' }), /^metadata\.name: "Demo" is not a DNS label/],
  ['a name that ends in a hyphen', sample({}, { name: 'demo-' }), /^metadata\.name: "demo-" is not a DNS label/],
  [
    'a name that is too long',
    sample({}, { name: 'a'.repeat(41) }),
    /^metadata\.name: has 41 characters \(at most 40 characters\)/,
  ],
  ['no region', sample({ region: 'Ireland' }), /^spec\.region: "Ireland" is not an AWS region/],
  ['a zone for a region', sample({ region: 'eu-west-1a' }), /^spec\.region: "eu-west-1a" is not an AWS region/],
  [
    'no instance type',
    sample({ servers: { instanceType: 'medium' } }),
    /^spec\.servers\.instanceType: "medium" is not an EC2 instance type/,
  ],
  [
    'a tiny volume',
    sample({ servers: { instanceType: 't3.medium', rootVolume: { sizeGiB: 1 } } }),
    /rootVolume\.sizeGiB: is 1 \(at least 8\)/,
  ],
  [
    'a Kubernetes version',
    k3s({ version: 'v1.34.2' }),
    /^spec\.k3s\.version: "v1\.34\.2" is not a K3s version \(for example v1\.34\.2\+k3s1\)/,
  ],
  ['a version without its v', k3s({ version: '1.34.2+k3s1' }), /is not a K3s version/],
  ['a version read as a number', k3s({ version: 1.34 }), /^spec\.k3s\.version: is 1\.34 \(text/],
  [
    'a mirror with a closing slash',
    k3s({ mirror: 'https://m.example.org/k3s/' }),
    /^spec\.k3s\.mirror: .*closing slash/,
  ],
  ['a mirror with credentials', k3s({ mirror: 'https://a:b@m.example.org/k3s' }), /^spec\.k3s\.mirror: .*credentials/],
  ['a short checksum', k3s({ sha256: { amd64: 'abc' } }), /^spec\.k3s\.sha256\.amd64: "abc" is not a SHA-256/],
  [
    'a mapping in k3s.config',
    k3s({ config: { disable: { a: 1 } } }),
    /^spec\.k3s\.config\.disable: is a mapping \(text, a number/,
  ],
  [
    'an image of two kinds',
    sample({ image: { id: 'ami-12345678', ssmParameter: '/a' } }),
    /^spec\.image\.ssmParameter: cannot go together with id/,
  ],
  ['an image with a broken id', sample({ image: { id: 'x' } }), /^spec\.image\.id: "x" is not the id of an image/],
  [
    'an image that is text',
    sample({ image: 'ami-12345678' }),
    /^spec\.image: is "ami-12345678" \(a mapping with either id or ssmParameter/,
  ],
  [
    'no subnets',
    sample({ network: { subnetIds: [] } }),
    /^spec\.network\.subnetIds: has 0 entries \(at least 1 entry\)/,
  ],
  [
    'a duration without a unit',
    sample({ health: { gracePeriod: '90' } }),
    /^spec\.health\.gracePeriod: "90" is not a duration/,
  ],
  [
    'a profile by ARN',
    sample({ access: { instanceProfile: 'arn:aws:iam::1:instance-profile/x' } }),
    /is neither the name nor the ARN of an instance profile/,
  ],
];

describe('structure of a document', () => {
  it.each(CASES)('refuses %s', (_what, value, expected) => {
    // Act
    const texts = textsOf(value);
    // Assess
    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(expected);
  });

  it('lists what is missing in an empty document', () => {
    expect(textsOf({}).map((text) => text.split(':')[0])).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
  });

  it('lists violations of structure and of rules in one go', () => {
    // Prepare
    const value = sample({
      mode: 'hb',
      pools: [pool({ count: -1 }), pool({ name: 'server' }), pool({ name: 'gpu', taints: ['x'] })],
      k3s: { version: '1.34', config: { token: 'x', 'cluster-cidr': '10.43.0.0/16', bad: {} } },
      backup: { schedule: 3 },
      tags: { 'aws:x': '1' },
    });
    // Act
    const texts = textsOf(value);
    // Assess
    expect(texts.map((text) => text.slice(0, text.indexOf(': ')))).toEqual([
      'spec.mode',
      'spec.pools[0].count',
      'spec.k3s.version',
      'spec.k3s.config.bad',
      'spec.backup.schedule',
      'spec.pools[1].name',
      'spec.pools[2].taints[0]',
      'spec.k3s.config.token',
      'spec.k3s.config.cluster-cidr',
      'spec.tags["aws:x"]',
    ]);
  });

  it('keeps the list short, whatever was sent', () => {
    // Prepare
    const nonsense = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, 1]));
    // Act
    const texts = textsOf(nonsense);
    // Assess
    expect(texts.length).toBeLessThan(101);
    expect(texts.some((text) => /has 450 further unknown keys/.test(text))).toBe(true);
  });

  it('shortens what it quotes', () => {
    for (const text of textsOf({ [`${'k'.repeat(5000)}`]: 1, ...sample({ region: 'x'.repeat(5000) }) })) {
      expect(text.length).toBeLessThan(300);
    }
  });
});
