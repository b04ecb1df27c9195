import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { openStackFixture, type StackFixture } from './fixture.js';
import { configMapsOn, instancesOf, kubectlOn } from './support/kubectl.js';

interface Listed {
  backups: { id: string; uid: string; k3s: string; etcd: string; node: string; size: number; objectCounts: object }[];
}

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const listed = async (name: string): Promise<Listed['backups']> => {
  const ran = await fixture.keelson('backups', name, '-o', 'json');
  expect(ran).toMatchObject({ code: 0 });
  return (JSON.parse(ran.stdout) as Listed).backups;
};

describe('backups of a cluster of three servers', () => {
  it('are in the bucket after `backup --wait`, saved by a server that does not lead, and listed', async () => {
    // Prepare
    const applied = await fixture.keelson('apply', '-f', fixture.document('trio', { mode: 'ha' }), '--wait');
    expect(applied).toMatchObject({ code: 0 });
    const [first = ''] = await instancesOf(fixture, 'trio');
    await kubectlOn(fixture, first, 'create', 'configmap', 'before', '--from-literal=a=b');
    expect(await configMapsOn(fixture, first)).toEqual(['configmap/before']);

    // Act
    const taken = await fixture.keelson('backup', 'trio', '--wait', '-o', 'json');
    const table = await fixture.keelson('backups', 'trio');
    const asUser = await fixture.keelsonAs('user', 'backups', 'trio', '-o', 'json');

    // Assess
    expect(taken).toMatchObject({ code: 0 });
    const backups = await listed('trio');
    const { id } = (JSON.parse(taken.stdout) as { status: StatusView }).status.backup;
    expect(backups).toMatchObject([
      {
        id,
        k3s: 'v1.34.2+k3s1',
        etcd: '3.6.4',
        node: expect.not.stringContaining('server-0'),
        objectCounts: { nodes: 3, configmaps: 2 },
      },
    ]);
    expect(table.stdout).toContain(id);
    expect(JSON.parse(asUser.stdout)).toEqual(
      JSON.parse((await fixture.keelson('backups', 'trio', '-o', 'json')).stdout),
    );
  });

  it('say what is in the way, and leave the cluster as it is', async () => {
    // Prepare
    await fixture.region('faults', {
      method: 'POST',
      body: JSON.stringify({
        id: 'full',
        point: 'k3s.snapshot',
        effect: 'exit',
        error: { code: 'NoSpace', status: 500, message: 'write snapshot.part: no space left on device' },
      }),
    });

    // Act
    const full = await fixture.keelson('backup', 'trio', '--wait');
    await fixture.region('faults', { method: 'DELETE' });
    const again = await fixture.keelson('backup', 'trio', '--wait');
    const unknown = await fixture.keelson('backup', 'nobody', '--wait');

    // Assess
    expect(full.code).toBe(1);
    expect(full.stderr).toContain('DiskFull');
    expect(again).toMatchObject({ code: 0 });
    expect(unknown.code).toBe(3);
    expect(await listed('trio')).toHaveLength(2);
  });

  it('stay when the cluster is deleted, and are no leftovers of it', async () => {
    // Act
    const stopped = await fixture.keelson('stop', 'trio', '--wait');
    const asleep = await fixture.keelson('backup', 'trio', '--wait');
    const deleted = await fixture.keelson('delete', 'trio', '--yes', '--wait');

    // Assess
    expect(stopped).toMatchObject({ code: 0 });
    expect(asleep).toMatchObject({ code: 4, stderr: expect.stringContaining('keelson start trio') });
    expect(deleted).toMatchObject({ code: 0 });
    expect(deleted.stderr + deleted.stdout).toContain('its backups stay until');
    expect(await fixture.region('leftovers')).toMatchObject({ total: 0 });
    expect(await listed('trio')).toHaveLength(2);
  });

  it('are deleted by a person who says so, but for those of a cluster that is there', async () => {
    // Prepare
    expect(await fixture.keelson('restore', 'trio', '--into', 'trio', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.keelson('backup', 'trio', '--wait')).toMatchObject({ code: 0 });
    expect(await listed('trio')).toHaveLength(3);

    // Act
    const unsure = await fixture.keelson('backups', 'trio', '--delete');
    const asUser = await fixture.keelsonAs('user', 'backups', 'trio', '--delete', '--yes', '-o', 'json');
    const again = await fixture.keelson('backups', 'trio', '--delete', '--yes');

    // Assess
    expect(unsure).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(asUser, asUser.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(asUser.stdout)).toMatchObject({ cluster: 'trio', removed: 2 });
    expect(again).toMatchObject({ code: 4 });
    expect(await listed('trio')).toHaveLength(1);
  });
});
