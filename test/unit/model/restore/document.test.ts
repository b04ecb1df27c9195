import { describe, expect, it } from 'vitest';
import { restoredDocument, unfitForBackup } from '#src/model/restore/document.js';
import { readRestoreFrom } from '#src/model/restore/state.js';
import { valid } from '../spec/sample.js';

const BACKUP = { id: '2026-01-02T10-00-00Z', k3s: 'v1.34.2+k3s1' };

describe('the document of a cluster that is made from a backup', () => {
  it('is the stored one under another name, and runs', () => {
    const stored = valid({ mode: 'ha', state: 'stopped', paused: true, network: { subnetIds: ['subnet-0a1b2c3d'] } });

    const { document, unmovable } = restoredDocument(stored, 'new');

    expect(document.metadata.name).toBe('new');
    expect(document.spec).toMatchObject({ state: 'running', paused: false, mode: 'ha' });
    expect(unmovable).toEqual([]);
  });

  it('cannot be moved to another region with what lies in the old one alone', () => {
    const stored = valid({ network: { vpcId: 'vpc-0a1b2c3d', subnetIds: ['subnet-0a1b2c3d'] } });

    expect(restoredDocument(stored, 'new', 'us-east-1').unmovable).toEqual([
      'spec.network.vpcId',
      'spec.network.subnetIds',
    ]);
    expect(restoredDocument(valid(), 'new', 'us-east-1')).toMatchObject({
      document: { spec: { region: 'us-east-1' } },
      unmovable: [],
    });
  });

  it('may change what K3s does not keep in etcd, and nothing else', () => {
    const stored = valid({ k3s: { version: 'v1.34.2+k3s1', config: { 'cluster-cidr': '10.50.0.0/16' } } });
    const unfit = (spec: Parameters<typeof valid>[0], name = 'shop') =>
      unfitForBackup({ ...BACKUP, document: stored }, { ...valid(spec), metadata: { name, labels: {} } }, 'shop');
    const same = { version: 'v1.34.2+k3s1', config: { 'cluster-cidr': '10.50.0.0/16' } };

    expect(unfit({ k3s: same, region: 'us-east-1', servers: { instanceType: 'm6i.large' } })).toEqual([]);
    expect(unfit({ k3s: { ...same, config: {} } })).toEqual([expect.stringContaining('cluster-cidr')]);
    expect(unfit({ k3s: { ...same, version: 'v1.33.6+k3s1' } })).toEqual([expect.stringContaining('--with-version')]);
    expect(unfit({ k3s: same }, 'other')).toEqual([expect.stringContaining('metadata.name')]);
    expect(unfit({ k3s: same, state: 'stopped' })).toEqual([expect.stringContaining('spec.state')]);
  });
});

describe('restoreFrom of a workflow that a person starts', () => {
  it.each([
    ['no object', 'shop'],
    ['a name that leads elsewhere', { cluster: '../shop', uid: 'u' }],
    ['a uid that leads elsewhere', { cluster: 'shop', uid: '../u' }],
    ['a backup that is none', { cluster: 'shop', uid: 'u', id: 'newest' }],
  ])('is refused: %s', (_, value) => {
    expect(readRestoreFrom(value)).toBeNull();
  });

  it('may leave out all but whose backup it is', () => {
    expect(readRestoreFrom({ cluster: 'shop', uid: 'u', generations: { 'server-0': 3, 'server-1': 'x' } })).toEqual({
      cluster: 'shop',
      uid: 'u',
      id: null,
      generations: { 'server-0': 3 },
    });
  });
});
