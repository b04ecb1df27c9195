/** What the campaign's column "data lost" counts: a cluster that lacks what it should have, and backups that no restore could use. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backupKeyOf } from '#src/model/backup/keys.js';
import type { ChaosCell } from './support/chaos-cell.js';
import type { ChaosCluster } from './support/cluster.js';
import { brokenBackups, lostIn, manifestsOf, remove, write } from './support/data.js';
import { type ChaosFixture, openChaosFixture } from './support/fixture.js';

let fixture: ChaosFixture;
let cell: ChaosCell;
let cluster: ChaosCluster;
beforeAll(async () => {
  fixture = await openChaosFixture();
  cell = await fixture.openCell();
  cluster = fixture.newCluster(cell, 'dev');
  await cluster.create();
});
afterAll(() => fixture?.close());

describe('the evidence of lost data', () => {
  it('names what the backup held and the cluster lacks, and what was written after the backup and came back', async () => {
    // Prepare
    await write(cluster, 'kept');
    const whole = await lostIn(cluster, { kept: 'kept', gone: 'gone' });

    // Act
    await remove(cluster, 'kept');
    await write(cluster, 'gone');
    const lost = await lostIn(cluster, { kept: 'kept', gone: 'gone' });

    // Assess
    expect(whole).toEqual([]);
    expect(lost).toEqual([
      expect.stringContaining('kept was written and is not in the cluster'),
      expect.stringContaining('gone was written after the backup and is in the cluster'),
    ]);
  });

  it('names each backup whose parts are missing or are not its own, once', async () => {
    // Prepare
    await cluster.backup();
    const [manifest] = manifestsOf(cell, cluster.name);
    if (manifest === undefined) throw new Error('there is no backup');
    const { uid, id } = manifest;
    const key = (part: 'snapshot' | 'token'): string => backupKeyOf(cluster.name, uid, id, part);
    const objects = cell.region.s3.buckets.all().find((one) => one.objects.has(key('token')))?.objects;
    const snapshot = objects?.get(key('snapshot'));
    const whole = brokenBackups(cell);

    // Act
    objects?.delete(key('token'));
    if (snapshot !== undefined) snapshot.body = snapshot.body.subarray(1);
    const broken = brokenBackups(cell);
    const again = brokenBackups(cell);

    // Assess
    expect(whole).toEqual([]);
    expect(broken).toEqual([
      `backup ${id} of ${cluster.name} has no token`,
      `backup ${id} of ${cluster.name} has a snapshot that is not its own`,
    ]);
    expect(again).toEqual([]);
  });
});
