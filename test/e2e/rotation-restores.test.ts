/** Each secret is rotated, and then the backup from before that is restored: it brings back what was written until then, and the old secret with it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROTATIONS } from '#src/model/rotation/state.js';
import { openStackFixture, type StackFixture } from './fixture.js';
import { configMapsOn, instancesOf, kubectlOn, statusOf } from './support/kubectl.js';

const NAME = 'turned';

let fixture: StackFixture;
let instances: string[];
beforeAll(async () => {
  fixture = await openStackFixture();
  const pools = [{ name: 'workers', count: 1, instanceType: 't3.medium' }];
  expect(await fixture.keelson('apply', '-f', fixture.document(NAME, { pools }), '--wait')).toMatchObject({ code: 0 });
  instances = await instancesOf(fixture, NAME);
});
afterAll(() => fixture?.close());

const make = (name: string) =>
  kubectlOn(fixture, instances[0] ?? '', 'create', 'configmap', name, '--from-literal=a=b');

describe('after a rotation', () => {
  const kept: string[] = [];

  it.each(ROTATIONS)('of %s the backup from before it restores, and server and agent stay', async (what) => {
    // Prepare
    await make(`before-${what}`);
    kept.push(`configmap/before-${what}`);
    const rotated = await fixture.keelson('rotate', NAME, what, '--yes', '--wait');
    const { id } = (await statusOf(fixture, NAME)).backup;
    await make(`after-${what}`);

    // Act
    const restored = await fixture.keelson('restore', NAME, '--from', id ?? '', '--yes', '--wait');

    // Assess
    expect(rotated, rotated.stderr).toMatchObject({ code: 0 });
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    expect(await configMapsOn(fixture, instances[0] ?? '')).toEqual([...kept].sort());
    const { phase, nodes } = await statusOf(fixture, NAME);
    expect(phase).toBe('Running');
    expect(nodes.map(({ ready }) => ready)).toEqual(['True', 'True']);
    expect(nodes.map(({ instanceId }) => instanceId)).toEqual(instances);
  });
});
