import { describe, expect, it } from 'vitest';
import { blankState } from '#src/model/blank-state.js';
import { emptySlot } from '#src/model/empty-slot.js';
import { slotsOf } from '#src/model/ids.js';
import { foundingKey, foundingOf } from '#src/model/plan/founding.js';
import { nodeConfigOf } from '#src/model/plan/wanted.js';
import { parseDocument } from '#src/model/spec/parse.js';
import type { ClusterDocument } from '#src/model/spec/schema.js';
import type { ClusterState, NodeInstance } from '#src/model/state.js';

const INSTANCE: NodeInstance = {
  id: 'i-0123456789abcdef0',
  type: 'm6i.large',
  imageId: 'ami-1',
  architecture: 'amd64',
  subnetId: 'subnet-1',
  zone: 'eu-west-1b',
  privateIp: '10.0.1.7',
  publicIp: '192.0.2.7',
  launchedAt: '2026-01-01T00:00:00.000Z',
  power: 'running',
};

function documentWith(spec: Record<string, unknown> = {}): ClusterDocument {
  const parsed = parseDocument({
    apiVersion: 'keelson/v1',
    kind: 'Cluster',
    metadata: { name: 'demo' },
    spec: {
      region: 'eu-west-1',
      mode: 'ha',
      servers: { instanceType: 't3.medium' },
      k3s: { version: 'v1.34.1+k3s1', config: { 'cluster-cidr': '10.42.0.0/16' } },
      access: { apiHostname: 'z.example.com', extraSans: ['a.example.com', '9.9.9.9'] },
      ...spec,
    },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.violations));
  return parsed.document;
}

const slotOf = (instance: NodeInstance | null, generation = 1) => ({
  ...emptySlot({ name: 'server-0', role: 'server', pool: null }, generation, `demo-server-0-g${generation}`),
  instance,
});

const filledIn = (config: string, { id, type, zone, privateIp, publicIp }: NodeInstance): string =>
  (publicIp === null ? config.replace(',"@PUBLIC_IP@"', '') : config.replace('@PUBLIC_IP@', publicIp))
    .replaceAll('@INSTANCE_ID@', id)
    .replaceAll('@TYPE@', type)
    .replaceAll('@ZONE@', zone)
    .replaceAll('@PRIVATE_IP@', privateIp);

describe('what a first server takes along', () => {
  it.each([
    ['a public address', INSTANCE],
    ['none', { ...INSTANCE, publicIp: null }],
  ])('is the very configuration of the job that comes later, on an instance with %s', (_, instance) => {
    // Prepare
    const document = documentWith();
    const slot = slotOf(instance);
    const state: ClusterState = { ...blankState(document), slots: { 'server-0': slot }, bootstrapServer: 'server-0#1' };
    const [wanted] = slotsOf(document);
    if (wanted === undefined) throw new Error('no slot');

    // Act
    const founding = foundingOf(document, blankState(document));
    const later = nodeConfigOf(document, state, wanted, slot, instance).text;

    // Assess
    expect(filledIn(founding?.config ?? '', instance)).toBe(later);
    expect(later).toContain('cluster-init: true');
    expect(founding?.nodeName).toBe(slot.nodeName);
    expect(foundingKey(document, state, slot)).toBe(founding?.key);
  });

  it.each([
    ['a network of pods', { k3s: { version: 'v1.34.1+k3s1', config: { 'cluster-cidr': '10.50.0.0/16' } } }],
    ['a version', { k3s: { version: 'v1.34.2+k3s1', config: { 'cluster-cidr': '10.42.0.0/16' } } }],
    ['a name of the API', { access: { apiHostname: 'y.example.com', extraSans: [] } }],
    ['a script that runs before K3s', { servers: { instanceType: 't3.medium', node: { before: 'true' } } }],
    [
      'a data volume',
      { servers: { instanceType: 't3.medium', volumes: [{ name: 'data', sizeGiB: 10, mountPath: '/data' }] } },
    ],
  ])('has another key when the document asks for %s', (_, spec) => {
    const state = blankState(documentWith());

    expect(foundingKey(documentWith(spec), state, slotOf(INSTANCE))).not.toBe(
      foundingKey(documentWith(), state, slotOf(INSTANCE)),
    );
  });
});

describe('the job founds the cluster, not the first boot,', () => {
  const document = documentWith();
  const blank = blankState(document);
  const joined = { ...slotOf(INSTANCE), name: 'server-1', joined: true };
  it.each<[string, ClusterState]>([
    ['where the cluster was running once', { ...blank, initializedAt: '2026-01-01T00:00:00.000Z' }],
    ['where a server was chosen before', { ...blank, bootstrapServer: 'server-0#1' }],
    ['where its first instance is gone', { ...blank, generations: { 'server-0': 2 } }],
    [
      'where its first instance is known to be lost',
      { ...blank, slots: { 'server-0': { ...slotOf(null), lastInstanceId: 'i-1' } } },
    ],
    ['where it has an instance', { ...blank, slots: { 'server-0': slotOf(INSTANCE) } }],
    ['where another server is a member', { ...blank, slots: { 'server-1': joined } }],
    ['where nodes have had files', { ...blank, nodeFiles: { servers: { sha256: 'a', of: 'b' } } }],
    ['where a backup is restored', { ...blank, restore: { ref: 'op-1' } as never }],
  ])('%s', (_, state) => {
    expect(foundingOf(document, state)).toBeNull();
  });

  it.each([
    ['files', { servers: { instanceType: 't3.medium', node: { files: [{ path: '/etc/x', content: 'x' }] } } }],
    ['a script that runs before K3s', { servers: { instanceType: 't3.medium', node: { before: 'true' } } }],
    [
      'manifests',
      {
        k3s: {
          version: 'v1.34.1+k3s1',
          manifests: [{ name: 'a', content: 'apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n' }],
        },
      },
    ],
    ['a proxy', { k3s: { version: 'v1.34.1+k3s1', environment: { HTTPS_PROXY: 'http://10.0.0.1:3128' } } }],
    [
      'data volumes',
      { servers: { instanceType: 't3.medium', volumes: [{ name: 'data', sizeGiB: 10, mountPath: '/data' }] } },
    ],
  ])('where K3s has to wait for %s', (_, spec) => {
    const asked = documentWith(spec);

    expect(foundingOf(asked, blankState(asked))).toBeNull();
  });
});
