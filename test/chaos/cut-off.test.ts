import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../../packages/local-stack/src/children.js';
import type { ChaosCell } from './support/chaos-cell.js';
import { leftoversOf, newlyTwice } from './support/evidence.js';
import { type ChaosFixture, openChaosFixture } from './support/fixture.js';
import { type Cut, openWire, type Wire } from './support/proxy.js';

let fixture: ChaosFixture;
beforeAll(async () => {
  fixture = await openChaosFixture();
});
afterAll(async () => {
  await fixture.close();
});

/** A cell whose only worker speaks with Temporal over a wire that can be cut. */
async function openWired(): Promise<{ cell: ChaosCell; wire: Wire; far: Child }> {
  const cell = await fixture.openCell();
  await cell.worker.stop();
  const wire = await openWire(cell.env['TEMPORAL_ADDRESS'] ?? '');
  return { cell, wire, far: await cell.startWorker({ TEMPORAL_ADDRESS: wire.address }) };
}

/**
 * Cuts the wire in the middle of such a call and starts another worker.
 *
 * @param until holds up the answer of the call, which AWS has carried out
 */
function cutAt(
  { cell, wire }: { cell: ChaosCell; wire: Wire },
  how: Cut,
  call: string,
  until: Promise<void> = Promise.resolve(),
): Promise<void> {
  return new Promise((resolve, reject) => {
    cell.watchCalls(async (moment, boundary) => {
      if (moment !== 'after' || !boundary.call.startsWith(call)) return;
      cell.watchCalls(null);
      wire.cut(how);
      cell.startWorker().then(() => resolve(), reject);
      await until;
    });
  });
}

/** It is not told that its work is another's by now, and AWS listens to it as before. */
describe('a worker that is cut off from Temporal but not from AWS, past its heartbeat time-out, beside another', () => {
  it('launches nothing and runs nothing a second time, nor when it is back', async () => {
    const wired = await openWired();
    const { cell, wire, far } = wired;
    const cluster = fixture.newCluster(cell, 'ha');

    const cut = cutAt(wired, 'silent', 'ssm.SendCommand join-server-1');
    await cluster.begin();
    await cut;
    await cluster.settled('Running');
    wire.mend();
    await cluster.apply({ agents: 1 });
    const twice = await newlyTwice(cell);
    await cluster.delete();

    expect(twice).toEqual({ duplicates: [], scriptsTwice: [] });
    expect(await leftoversOf(cell, cluster.name)).toEqual([]);
    await far.stop();
    await wire.close();
  });

  it.concurrent.for<[string, string]>([
    [
      'ec2.DescribeSecurityGroups group-name tag:keelson:cluster tag:keelson:installation tag:keelson:uid vpc-id',
      'ensureSecurityGroups',
    ],
    ['ec2.DescribeInstances server-0', 'launchInstance'],
  ])('brings nothing back after delete, cut off in %s of %s', async ([call, activity], { expect }) => {
    const wired = await openWired();
    const { cell, wire, far } = wired;
    const cluster = fixture.newCluster(cell, 'dev');
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });

    const cut = cutAt(wired, 'reset', call, released);
    await cluster.begin();
    await cut;
    await cluster.delete();
    const calls = cell.region.world.record.calls.length;
    release();
    // Its attempt ends, whether it is held back or was given no answer for too long.
    const end = new RegExp(`"activity":"${activity}".*"attempt":1,.*failed`);
    await expect.poll(() => end.test(readFileSync(cell.logFile, 'utf8'))).toBe(true);

    // The region watch goes on looking.
    const ours = cell.region.world.record.calls.slice(calls).filter((entry) => cell.boundaries.of(entry) !== null);
    const later = ours.map(({ action }) => action);
    expect({ later, left: await leftoversOf(cell, cluster.name) }).toEqual({ later: [], left: [] });
    far.kill('SIGKILL');
    await wire.close();
  });
});
