import { describe, expect, it } from 'vitest';
import {
  differenceText,
  ruleDifference,
  ruleKey,
  ruleKeysOf,
  rulesDigest,
} from '../../../../src/model/security-groups/keys.js';
import { valid } from '../spec/sample.js';

const IDS = { server: 'SERVERS', agent: 'AGENTS' };
const rulesFor = (spec: Record<string, unknown>) => ruleKeysOf(valid(spec), IDS);
const config = (fields: Record<string, unknown>) => ({ k3s: { version: 'v1.34.2+k3s1', config: fields } });
const AMONG_ALL = ['10250/tcp from AGENTS', '10250/tcp from SERVERS', '8472/udp from AGENTS', '8472/udp from SERVERS'];

describe('the rules of the security groups', () => {
  it('let agents reach the API and not etcd, and nothing in from outside unless the document says so', () => {
    expect(rulesFor({})).toEqual({
      server: [
        ...AMONG_ALL,
        '2379-2380/tcp from SERVERS',
        '6443/tcp from AGENTS',
        '6443/tcp from SERVERS',
        'all to 0.0.0.0/0',
      ].sort(),
      agent: [...AMONG_ALL, 'all to 0.0.0.0/0'].sort(),
    });
  });

  it('open the API of the servers to each network', () => {
    const { server, agent } = rulesFor({ access: { apiCidrs: ['203.0.113.0/24', '198.51.100.7/32'] } });
    expect(server).toContain('6443/tcp from 203.0.113.0/24');
    expect(server).toContain('6443/tcp from 198.51.100.7/32');
    expect(agent.filter((key) => key.startsWith('6443'))).toEqual([]);
  });

  it.each([
    ['WireGuard has its own ports', { 'flannel-backend': 'wireguard-native' }, '51820-51821/udp', '8472/udp'],
    ['a CNI of its own gets the usual port of VXLAN', { 'flannel-backend': 'none' }, '8472/udp', '51820-51821/udp'],
    ['the embedded registry', { 'embedded-registry': true }, '5001/tcp', '51820-51821/udp'],
    ['no registry', { 'embedded-registry': false }, '8472/udp', '5001/tcp'],
  ])('follow the configuration: %s', (_, fields, open, closed) => {
    const all = Object.values(rulesFor(config(fields)));
    for (const keys of all) {
      expect(keys).toContain(`${open} from AGENTS`);
      expect(keys).toContain(`${open} from SERVERS`);
      expect(keys.filter((key) => key.startsWith(closed))).toEqual([]);
    }
  });
});

describe('a rule in one line', () => {
  it.each([
    [{ protocol: 'tcp', from: 6443, to: 6443, source: '10.0.0.0/8' }, '6443/tcp from 10.0.0.0/8'],
    [{ protocol: 'udp', from: 51820, to: 51821, source: 'sg-1' }, '51820-51821/udp from sg-1'],
    [{ protocol: '-1', from: null, to: null, source: '::/0' }, 'all from ::/0'],
    [{ protocol: 'icmp', from: 8, to: -1, source: '0.0.0.0/0' }, 'icmp 8:-1 from 0.0.0.0/0'],
    [{ protocol: '50', from: null, to: null, source: 'pl-1' }, 'protocol 50 from pl-1'],
  ])('%j reads %s', (parts, key) => {
    expect(ruleKey(parts)).toBe(key);
  });
});

describe('what differs', () => {
  const none = { missing: [], extra: [] };

  it('is what is missing and what is too much', () => {
    expect(ruleDifference(['a', 'b'], ['b', 'c'])).toEqual({ missing: ['c'], extra: ['a'] });
  });

  it('is told by group, the first few by name', () => {
    const missing = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(differenceText({ server: { missing, extra: ['x'] }, agent: none })).toBe(
      'servers: open a, b, c, d and 2 more, close x',
    );
    expect(differenceText({ server: none, agent: none })).toBe('');
  });

  it('changes the digest, and the order does not', () => {
    expect(rulesDigest(['a', 'b'])).toBe(rulesDigest(['b', 'a']));
    expect(rulesDigest(['a', 'b'])).not.toBe(rulesDigest(['a']));
  });
});
