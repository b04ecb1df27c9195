import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type NodeConfigInput, renderNodeConfig } from '#src/model/k3s/config.js';
import { fingerprint } from '#src/model/k3s/fingerprint.js';
import { CRITICAL_KEYS, OWNED_KEYS } from '#src/model/k3s/keys.js';
import { valid } from '../spec/sample.js';

const server = (fields: Partial<NodeConfigInput> = {}): NodeConfigInput => ({
  role: 'server',
  nodeName: 'demo-server-0-g1',
  bootstrapServer: false,
  joinAddress: '10.0.0.1',
  config: {},
  privateIp: '10.0.0.2',
  publicIp: '203.0.113.2',
  providerId: 'aws:///eu-west-1a/i-1',
  labels: {},
  taints: [],
  ...fields,
});
const agent = (fields: Partial<NodeConfigInput> = {}) =>
  server({ role: 'agent', nodeName: 'demo-workers-0-g1', ...fields });

const document = valid({
  k3s: {
    version: 'v1.34.2+k3s1',
    config: {
      disable: ['traefik'],
      'secrets-encryption': true,
      'kubelet-arg': ['v=2'],
      'node-taint': ['a:NoSchedule'],
    },
  },
  pools: [{ name: 'workers', count: 1, instanceType: 't3.large' }],
  access: { apiHostname: 'k3s.example.org', extraSans: ['b.example.org', 'a.example.org'] },
});

describe('config.yaml of a server', () => {
  it("holds the document's config, who it is, whom it joins, and every name of the API", () => {
    expect(renderNodeConfig(document, server())).toBe(
      [
        'disable: ["traefik"]',
        'kubelet-arg: ["v=2","provider-id=aws:///eu-west-1a/i-1"]',
        'node-ip: "10.0.0.2"',
        'node-name: "demo-server-0-g1"',
        'node-taint: ["a:NoSchedule"]',
        'secrets-encryption: true',
        'server: "https://10.0.0.1:6443"',
        'tls-san: ["a.example.org","b.example.org","k3s.example.org","10.0.0.2","203.0.113.2"]',
        'write-kubeconfig-mode: "0600"',
        '',
      ].join('\n'),
    );
  });

  it('encrypts secrets in etcd unless the document turns it off', () => {
    // Act
    const said = (config: Record<string, boolean>, input: NodeConfigInput) =>
      (parse(renderNodeConfig(valid({ k3s: { version: 'v1.34.2+k3s1', config } }), input)) as Record<string, unknown>)[
        'secrets-encryption'
      ];
    // Assess
    expect(said({}, server())).toBe(true);
    expect(said({ 'secrets-encryption': false }, server())).toBe(false);
    expect(said({}, agent())).toBeUndefined();
  });

  it('has cluster-init for the founder alone, in mode dev too, so that others may join later', () => {
    // Act
    const bootstrapServer = parse(
      renderNodeConfig(valid({ mode: 'dev' }), server({ bootstrapServer: true, joinAddress: null })),
    ) as object;
    const other = parse(renderNodeConfig(document, server())) as object;
    // Assess
    expect(bootstrapServer).toHaveProperty('cluster-init', true);
    expect(bootstrapServer).not.toHaveProperty('server');
    expect(other).not.toHaveProperty('cluster-init');
  });

  it('has the same critical settings on every server', () => {
    // Prepare
    const inputs = [
      server({ bootstrapServer: true, joinAddress: null }),
      server(),
      server({ nodeName: 'x', privateIp: '10.0.0.9', publicIp: null }),
    ];
    // Act
    const critical = inputs.map((input) => {
      const config = parse(renderNodeConfig(document, input)) as Record<string, unknown>;
      return CRITICAL_KEYS.map((key) => config[key]);
    });
    // Assess
    expect(critical[1]).toEqual(critical[0]);
    expect(critical[2]).toEqual(critical[0]);
  });

  it('carries no secret and no key of a secret', () => {
    expect(renderNodeConfig(document, server())).not.toMatch(/token/);
    for (const key of CRITICAL_KEYS.filter((one) => one !== 'agent-token')) expect(OWNED_KEYS).not.toHaveProperty(key);
  });
});

describe('config.yaml of an agent', () => {
  it('holds what an agent understands, with the labels and taints of its pool', () => {
    // Act
    const config = parse(
      renderNodeConfig(document, agent({ labels: { b: '2', a: '1' }, taints: ['x:NoExecute'] })),
    ) as object;
    // Assess
    expect(config).toEqual({
      'kubelet-arg': ['v=2', 'provider-id=aws:///eu-west-1a/i-1'],
      'node-ip': '10.0.0.2',
      'node-label': ['a=1', 'b=2'],
      'node-name': 'demo-workers-0-g1',
      'node-taint': ['x:NoExecute'],
      server: 'https://10.0.0.1:6443',
    });
  });

  it('does not change with the public address', () => {
    expect(renderNodeConfig(document, agent({ publicIp: null }))).toBe(renderNodeConfig(document, agent()));
  });
});

describe('fingerprint', () => {
  it.each([
    ['', 'cbf29ce484222325'],
    ['a', 'af63dc4c8601ec8c'],
    ['foobar', '85944171f73967e8'],
  ])('of %j is that of the published vectors of FNV-1a', (text, hash) => {
    expect(fingerprint(text)).toBe(hash);
  });

  it('counts bytes of UTF-8', () => {
    const bytes = String.fromCharCode(...Buffer.from('é', 'utf8'));
    expect(fingerprint('é')).not.toBe(fingerprint(bytes));
    expect(fingerprint('aé€😀')).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprint('\ud800')).toBe(fingerprint('\ufffd'));
  });
});
