import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '#src/model/state.js';
import type { StatusView } from '#src/model/status.js';
import type { Instance } from '../../packages/aws-simulator/src/contract.js';
import type { FaultPlan } from '../../packages/aws-simulator/src/faults.js';
import { openStackFixture, type StackFixture } from './fixture.js';
import { watchApi } from './support/api-watch.js';
import { fewestServing, notesOf } from './support/fewest-serving.js';
import { instancesOf } from './support/kubectl.js';

const NAME = 'shop';

/** Each server takes its time to stop: a second one that stops without waiting for the first is down at the same time. */
const SLOW_STOP: FaultPlan = { point: 'span', match: { kind: 'stop' }, delayMs: 2_500 };

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const hold = (plan: FaultPlan) => fixture.region('faults', { method: 'POST', body: JSON.stringify(plan) });
const release = () => fixture.region('faults', { method: 'DELETE' });
const status = () => fixture.client.workflow.getHandle(`cluster/${NAME}`).query<StatusView>('status');

async function addressesOfServers(): Promise<string[]> {
  const instances = await fixture.region<Instance[]>('instances');
  return instances.flatMap((one) =>
    one.tags['keelson:slot']?.startsWith('server-') && one.state === 'running' && one.publicIp ? [one.publicIp] : [],
  );
}

async function history(): Promise<Operation[]> {
  return JSON.parse((await fixture.keelson('history', NAME, '-o', 'json')).stdout).items as Operation[];
}

describe('resize of a cluster of three servers', () => {
  it('takes one server after the other, and the API answers throughout', async () => {
    // Prepare
    expect(await fixture.keelson('apply', '-f', fixture.document(NAME, { mode: 'ha' }), '--wait')).toMatchObject({
      code: 0,
    });
    const { stdout: kubeconfig } = await fixture.keelson('kubeconfig', NAME);
    await hold(SLOW_STOP);
    const servers = await instancesOf(fixture, NAME);
    const { length: noted } = await notesOf(fixture);
    const watch = watchApi(kubeconfig, addressesOfServers);

    // Act
    const resized = await fixture.keelson('resize', NAME, '--instance-type', 't3.large', '--wait', '-o', 'json');
    const seen = await watch.stop();
    await release();

    // Assess
    process.stdout.write(
      `API during resize: ${seen.answers} answers, ${seen.failures} rounds without one, longest gap ${seen.longestGapMs.toFixed(0)} ms\n`,
    );
    expect(resized).toMatchObject({ code: 0 });
    expect(
      (JSON.parse(resized.stdout) as { status: StatusView }).status.nodes.map((node) => node.instanceType),
    ).toEqual(['t3.large', 't3.large', 't3.large']);
    expect(seen.answers).toBeGreaterThan(20);
    expect(fewestServing(servers, await notesOf(fixture, noted))).toBe(2);
    expect((await history()).at(-1)).toMatchObject({ kind: 'resize', outcome: 'done' });
  });

  it('is rolled back where the new type has no capacity; the other servers are not touched', async () => {
    // Prepare
    await hold({ point: 'capacity', match: { instanceType: 'm6i.large' }, effect: 'none' });
    const before = await status();

    // Act
    const resized = await fixture.keelson('resize', NAME, '--instance-type', 'm6i.large', '--wait');
    // The roll-back ends the wait; that the nodes are well again is known by the observation that follows.
    await expect.poll(async () => (await status()).health).toBe('Healthy');
    const after = await status();
    await release();

    // Assess
    expect(resized).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/rolledBack/) });
    expect(resized.stderr).toMatch(/no capacity|InsufficientInstanceCapacity/);
    expect(after).toMatchObject({ phase: 'Running', health: 'Healthy' });
    expect(after.nodes.map((node) => node.instanceType)).toEqual(['t3.large', 't3.large', 't3.large']);
    const changed = after.nodes.filter((node, index) => node.publicIp !== before.nodes[index]?.publicIp);
    expect(changed).toHaveLength(1);
    const last = (await history()).at(-1);
    expect(last).toMatchObject({ kind: 'resize', outcome: 'rolledBack' });
    expect(new Set(last?.steps.filter((step) => step.kind === 'stop-instance').map((step) => step.slot)).size).toBe(1);
    const { stdout: told } = await fixture.keelson('history', NAME);
    expect(told).toMatch(/resize op-\w+: rolledBack/);
    expect(told).toMatch(/InsufficientInstanceCapacity/);
  });

  it.each([
    { what: 'another architecture', type: 't4g.medium', says: /t4g\.medium.*arm64/ },
    {
      what: 'a type that is not offered in the zone of each server',
      type: 'm6i.xlarge',
      says: /m6i\.xlarge.*eu-west-1c/,
    },
    { what: 'a type that does not exist', type: 'z9.large', says: /z9\.large/ },
  ])('to $what touches nothing', async ({ type, says }) => {
    // Prepare
    const before = await status();

    // Act
    const resized = await fixture.keelson('resize', NAME, '--instance-type', type, '--wait');
    const explained = await fixture.keelson('explain', NAME);
    const after = await status();
    const back = await fixture.keelson('resize', NAME, '--instance-type', 't3.large', '--wait');

    // Assess
    expect(resized).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(says) });
    expect(explained.stdout).toMatch(says);
    expect(after).toMatchObject({ phase: 'Running', health: 'Healthy' });
    expect(after.operations.at(-1)).toMatchObject({ kind: 'resize', outcome: 'rolledBack' });
    expect(after.nodes.map((node) => [node.publicIp, node.instanceType, node.ready])).toEqual(
      before.nodes.map((node) => [node.publicIp, node.instanceType, node.ready]),
    );
    expect(back).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ phase: 'Running', health: 'Healthy', lastError: null });
  });

  it('leaves nothing behind when the cluster is deleted', async () => {
    expect(await fixture.keelson('delete', NAME, '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.region(`leftovers?cluster=${NAME}`)).toMatchObject({ total: 0 });
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});
