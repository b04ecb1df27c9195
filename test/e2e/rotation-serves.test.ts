/** While each secret is rotated, clients with the kubeconfig of before get answers, two of three servers serve at any time, and the agent stays. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROTATIONS } from '#src/model/rotation/state.js';
import type { Instance } from '../../packages/aws-simulator/src/contract.js';
import type { FaultPlan } from '../../packages/aws-simulator/src/faults.js';
import { openStackFixture, type StackFixture } from './fixture.js';
import { watchApi } from './support/api-watch.js';
import { fewestServing, notesOf } from './support/fewest-serving.js';
import { instancesOf, statusOf } from './support/kubectl.js';

const NAME = 'steady';

/** Each server takes its time to stop: a second one that stops without waiting for the first is down at the same time. */
const SLOW_STOP: FaultPlan = { point: 'span', match: { kind: 'serviceStop' }, delayMs: 1_000 };

/** Of a rotation, which takes longer; each is an answer to the client's question every 200 ms. */
const FEWEST_ANSWERS = 10;

let fixture: StackFixture;
let instances: string[];
beforeAll(async () => {
  fixture = await openStackFixture();
  const pools = [{ name: 'workers', count: 1, instanceType: 't3.medium' }];
  const document = fixture.document(NAME, { mode: 'ha', pools });
  expect(await fixture.keelson('apply', '-f', document, '--wait')).toMatchObject({ code: 0 });
  instances = await instancesOf(fixture, NAME);
  await fixture.region('faults', { method: 'POST', body: JSON.stringify(SLOW_STOP) });
});
afterAll(() => fixture?.close());

async function addressesOfServers(): Promise<string[]> {
  const all = await fixture.region<Instance[]>('instances');
  return all.flatMap((one) =>
    one.tags['keelson:slot']?.startsWith('server-') && one.state === 'running' && one.publicIp ? [one.publicIp] : [],
  );
}

describe('a cluster that serves', () => {
  it.each(ROTATIONS)('answers throughout the rotation of its %s, and its agent stays', async (what) => {
    // Prepare
    const { stdout: kubeconfig } = await fixture.keelson('kubeconfig', NAME);
    const { length: noted } = await notesOf(fixture);
    const watch = watchApi(kubeconfig, addressesOfServers);
    await expect.poll(() => watch.seen().answers).toBeGreaterThan(0);

    // Act
    const rotated = await fixture.keelson('rotate', NAME, what, '--yes', '--wait');
    const during = watch.seen().answers;
    await expect.poll(() => watch.seen().answers).toBeGreaterThan(during);
    const seen = await watch.stop();

    // Assess
    expect(rotated, rotated.stderr).toMatchObject({ code: 0 });
    process.stdout.write(
      `API during rotation of ${what}: ${seen.answers} answers, ${seen.failures} rounds without one, longest gap ${seen.longestGapMs.toFixed(0)} ms\n`,
    );
    expect(during).toBeGreaterThan(FEWEST_ANSWERS);
    const notes = await notesOf(fixture, noted);
    expect(fewestServing(instances.slice(0, 3), notes)).toBe(2);
    expect(await instancesOf(fixture, NAME)).toEqual(instances);
    const { phase, nodes } = await statusOf(fixture, NAME);
    expect(phase).toBe('Running');
    expect(nodes.map(({ ready }) => ready)).toEqual(['True', 'True', 'True', 'True']);
    const away = notes.filter(
      ({ kind, data }) => kind === 'drained' || (kind === 'boot' && instances.includes(String(data['instanceId']))),
    );
    expect(away, 'no node is drained or booted').toEqual([]);
  });
});
