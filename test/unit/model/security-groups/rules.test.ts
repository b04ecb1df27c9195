import { describe, expect, it } from 'vitest';
import { differenceText, ruleDifference, ruleKey, ruleKeysOf, rulesDigest } from '#src/model/security-groups/keys.js';
import { valid } from '../spec/sample.js';

const IDS = { server: 'SERVERS', agent: 'AGENTS' };
const rulesFor = (spec: Record<string, unknown>) => ruleKeysOf(valid(spec), IDS);
const config = (fields: Record<string, unknown>) => ({ k3s: { version: 'v1.34.2+k3s1', config: fields } });

describe('the rules of the security groups', () => {
  it('let in everything among the nodes but etcd from agents, and nothing from outside unless the document says so', () => {
    expect(rulesFor({})).toEqual({
      server: [
        '0-2378/tcp from AGENTS',
        '0-65535/udp from AGENTS',
        '2381-65535/tcp from AGENTS',
        'all from SERVERS',
        'all icmp from AGENTS',
        'all to 0.0.0.0/0',
        'protocol 4 from AGENTS',
      ],
      agent: ['all from AGENTS', 'all from SERVERS', 'all to 0.0.0.0/0'],
    });
  });

  it('name no agents while they have no group', () => {
    const ingress = [{ port: 443, cidrs: ['0.0.0.0/0'] }];
    const { server, agent } = ruleKeysOf(valid({ access: { ingress } }), { server: 'SERVERS', agent: null });
    expect(server).toEqual(['443/tcp from 0.0.0.0/0', 'all from SERVERS', 'all to 0.0.0.0/0']);
    expect(agent).toEqual([]);
  });

  it('open the API of the servers to each network', () => {
    const { server, agent } = rulesFor({ access: { apiCidrs: ['203.0.113.0/24', '198.51.100.7/32'] } });
    expect(server).toContain('6443/tcp from 203.0.113.0/24');
    expect(server).toContain('6443/tcp from 198.51.100.7/32');
    expect(agent.filter((key) => key.startsWith('6443'))).toEqual([]);
  });

  it('open ports of workloads to networks, on the nodes that the document says', () => {
    const { server, agent } = rulesFor({
      access: {
        ingress: [
          { port: 443, cidrs: ['0.0.0.0/0', '10.0.0.0/8'], nodes: 'agents' },
          { port: 30000, toPort: 30100, protocol: 'udp', cidrs: ['203.0.113.0/24'] },
          { protocol: 'icmp', cidrs: ['198.51.100.0/24'], nodes: 'servers' },
        ],
      },
    });
    expect(agent.filter((key) => /\d from/.test(key) || /\.\d/.test(key))).toEqual([
      '30000-30100/udp from 203.0.113.0/24',
      '443/tcp from 0.0.0.0/0',
      '443/tcp from 10.0.0.0/8',
      'all to 0.0.0.0/0',
    ]);
    expect(server).toEqual(
      expect.arrayContaining(['30000-30100/udp from 203.0.113.0/24', 'all icmp from 198.51.100.0/24']),
    );
    expect(server.some((key) => key.startsWith('443/'))).toBe(false);
  });

  // Whatever a flag adds, its port is among those that nodes open to each other.
  it.each([{ 'flannel-backend': 'wireguard-native' }, { 'flannel-backend': 'none' }, { 'embedded-registry': true }])(
    'are the same whatever the configuration of K3s: %j',
    (fields) => {
      expect(rulesFor(config(fields))).toEqual(rulesFor({}));
    },
  );
});

describe('a rule in one line', () => {
  it.each([
    [{ protocol: 'tcp', from: 6443, to: 6443, source: '10.0.0.0/8' }, '6443/tcp from 10.0.0.0/8'],
    [{ protocol: 'udp', from: 51820, to: 51821, source: 'sg-1' }, '51820-51821/udp from sg-1'],
    [{ protocol: '-1', from: null, to: null, source: '::/0' }, 'all from ::/0'],
    [{ protocol: 'icmp', from: 8, to: -1, source: '0.0.0.0/0' }, 'icmp 8:-1 from 0.0.0.0/0'],
    [{ protocol: 'icmp', from: -1, to: -1, source: 'sg-1' }, 'all icmp from sg-1'],
    [{ protocol: '4', from: 0, to: 0, source: 'sg-1' }, 'protocol 4 from sg-1'],
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

  it('is reported by group, the first few by name', () => {
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
