/** A new cluster is founded by the first boot of its first server, whatever becomes of the worker meanwhile. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NoteEntry } from '../../packages/aws-simulator/src/record.js';
import { openStackFixture, type StackFixture } from './fixture.js';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const notes = async (kind: string): Promise<NoteEntry[]> =>
  (await fixture.region<{ notes: NoteEntry[] }>('record?calls=false')).notes.filter((note) => note.kind === kind);

describe('a create whose worker is killed between launch and bootstrap', () => {
  it('founds the cluster once, before any agent has registered, and starts K3s once', async () => {
    // Prepare: no agent registers for now
    await fixture.region('faults', {
      method: 'POST',
      body: JSON.stringify({ id: 'agents', point: 'span', match: { kind: 'agent' }, hold: true }),
    });

    // Act
    const applying = fixture.keelson('apply', '-f', fixture.document('early'), '--wait');
    await expect.poll(() => notes('cluster-founded'), { interval: 100 }).toHaveLength(1);
    fixture.stack.worker().kill('SIGKILL');
    await fixture.stack.worker().ended;
    await fixture.region('faults/agents', { method: 'DELETE' });
    await fixture.stack.startWorker();
    const applied = await applying;

    // Assess
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    const founded = await notes('cluster-founded');
    expect(founded).toHaveLength(1);
    const disk = join(fixture.folder, 'stack/region/instances', String(founded[0]?.data['instanceId']), 'root');
    expect(readFileSync(join(disk, 'var/log/k3s.log'), 'utf8').split('Starting k3s ')).toHaveLength(2);
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});
