import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStackFixture, type StackFixture } from './fixture.js';
import { opensApi } from './support/api-watch.js';
import { configMapsOn, instancesOf, kubectlOn, statusOf } from './support/kubectl.js';

const HOW_TO = readFileSync(new URL('../../docs/how-to/restore-in-another-region.md', import.meta.url), 'utf8');

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const make = (instance: string, name: string) =>
  kubectlOn(fixture, instance, 'create', 'configmap', name, '--from-literal=a=b');

/** A cluster with a ConfigMap, a backup, and a ConfigMap after it. */
async function prepared(name: string, spec: Record<string, unknown> = {}): Promise<string> {
  expect(await fixture.keelson('apply', '-f', fixture.document(name, spec), '--wait')).toMatchObject({ code: 0 });
  const [first = ''] = await instancesOf(fixture, name);
  await make(first, 'before');
  expect(await fixture.keelson('backup', name, '--wait')).toMatchObject({ code: 0 });
  await make(first, 'after');
  return (await statusOf(fixture, name)).backup.id ?? '';
}

async function expectRestored(name: string, servers: number): Promise<void> {
  const status = await statusOf(fixture, name);
  expect(status).toMatchObject({ phase: 'Running', operation: null });
  expect(status.nodes.filter(({ voter }) => voter === 'True')).toHaveLength(servers);
  for (const { instanceId } of status.nodes.filter(({ role }) => role === 'server')) {
    expect(await configMapsOn(fixture, instanceId ?? '')).toEqual(['configmap/before']);
    const { stdout } = await kubectlOn(fixture, instanceId ?? '', 'get', 'nodes', '-o', 'name');
    expect(stdout.split('\n').sort(), 'no Node of the old cluster').toEqual(
      status.nodes.map((node) => `node/${node.name}`).sort(),
    );
  }
  const kubeconfig = await fixture.keelson('kubeconfig', name);
  expect(kubeconfig).toMatchObject({ code: 0, stdout: expect.stringContaining(status.apiAddress ?? '?') });
  await expect.poll(() => opensApi(kubeconfig.stdout, status.apiAddress ?? '')).toBe(true);
}

/** The only block of a language below a heading of the how-to. */
function blockOf(heading: string, language: string): string {
  const [, section = ''] = HOW_TO.split(`## ${heading}\n`);
  const [, block = ''] = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(section) ?? [];
  return block;
}

describe('a restore into a new cluster', () => {
  it('makes a cluster that was deleted in another region, as the how-to says', async () => {
    // Prepare
    const id = await prepared('shop', { mode: 'ha' });
    expect(await fixture.keelson('delete', 'shop', '--yes', '--wait')).toMatchObject({ code: 0 });
    fixture.file('shop-us.yaml', blockOf('2. Write a document for the new cluster', 'yaml'));
    const command = blockOf('3. Restore it', 'sh').trim().split(' ');
    const args = command.slice(2).map((word) => (word === '2026-03-01T12:00' ? id : word));

    // Act
    const gone = await fixture.keelson('restore', 'shop', '--yes');
    const restored = await fixture.keelson(...args);

    // Assess
    expect(command.slice(0, 2)).toEqual(['npx', 'keelson']);
    expect(gone).toMatchObject({ code: 3, stderr: expect.stringContaining('keelson restore shop --into') });
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    expect(await statusOf(fixture, 'shop-us')).toMatchObject({ region: 'us-east-1' });
    await expectRestored('shop-us', 3);
    expect(await fixture.region('duplicates')).toEqual([]);
  });

  it('makes it again under the name it had, with node names that it has not used', async () => {
    // Prepare
    await prepared('again');
    expect(await fixture.keelson('delete', 'again', '--yes', '--wait')).toMatchObject({ code: 0 });

    // Act
    const restored = await fixture.keelson('restore', 'again', '--into', 'again', '--wait');

    // Assess
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    await expectRestored('again', 1);
    expect((await statusOf(fixture, 'again')).nodes.map((node) => node.name)).toEqual(['again-server-0-g2']);
  });

  it('refuses what no cluster from this backup can be, and begins no empty one when it fails', async () => {
    // Prepare
    const id = await prepared('source');
    const { uid } = await statusOf(fixture, 'source');
    const file = (name: string, spec: Record<string, unknown>) => fixture.document(name, spec);
    const into = (name: string, ...args: string[]) => fixture.keelson('restore', 'source', '--into', name, ...args);

    // Act
    const taken = await into('source');
    const older = await into('older', '-f', file('older', { k3s: { version: 'v1.33.5+k3s1' } }));
    const otherNetwork = await into(
      'net',
      '-f',
      file('net', { k3s: { version: 'v1.34.2+k3s1', config: { 'cluster-cidr': '10.99.0.0/16' } } }),
    );
    const named = await into('one', '-f', file('two', {}));
    const shown = await into('shown', '--dry-run');
    await fixture.region('faults', {
      method: 'POST',
      body: JSON.stringify({
        id: 'reset',
        point: 'k3s.reset',
        effect: 'exit',
        error: { code: 'Damaged', status: 500, message: 'unexpected EOF' },
      }),
    });
    const failed = await into('failed', '--wait');
    await fixture.region('faults', { method: 'DELETE' });
    const waitsFor = async () => (await statusOf(fixture, 'failed')).waiting?.for;
    await expect.poll(waitsFor).toContain('a person');
    const { nodes } = await statusOf(fixture, 'failed');
    const again = await fixture.keelson('retry', 'failed', '--wait');

    // Assess
    expect(taken).toMatchObject({ code: 4, stderr: expect.stringContaining('a cluster source') });
    expect(older).toMatchObject({ code: 2, stderr: expect.stringContaining('--with-version') });
    expect(otherNetwork).toMatchObject({ code: 2, stderr: expect.stringContaining('cluster-cidr') });
    expect(named).toMatchObject({ code: 2, stderr: expect.stringContaining('metadata.name') });
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining(id) });
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('SnapshotDamaged') });
    expect(nodes).toMatchObject([{ ready: expect.not.stringContaining('True') }]);
    expect(again, again.stderr).toMatchObject({ code: 0 });
    await expectRestored('failed', 1);
    expect(await statusOf(fixture, 'source')).toMatchObject({ uid, phase: 'Running' });
  });
});

describe('a restore with the version of the backup', () => {
  it('takes a cluster back over an upgrade of K3s', async () => {
    // Prepare
    const id = await prepared('version', { k3s: { version: 'v1.34.2+k3s1' } });
    expect(
      await fixture.keelson('apply', '-f', fixture.document('version', { k3s: { version: 'v1.35.0+k3s1' } }), '--wait'),
    ).toMatchObject({ code: 0 });

    // Act
    const restored = await fixture.keelson('restore', 'version', '--from', id, '--with-version', '--yes', '--wait');

    // Assess
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    await expectRestored('version', 1);
    expect((await statusOf(fixture, 'version')).nodes.map(({ k3s }) => k3s)).toEqual(['v1.34.2+k3s1']);
  });
});
