import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { StatusView } from '#src/model/status.js';
import { textsOf } from './evidence.js';
import { documentOf, openStackFixture, type StackFixture } from './fixture.js';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const status = () => fixture.client.workflow.getHandle('cluster/trio').query<StatusView>('status');

/** Waits until a step of the kind is under way or done. */
async function untilBegun(kind: string): Promise<void> {
  await expect
    .poll(async () => (await status()).operation?.steps.map((step) => step.kind), { interval: 50 })
    .toContain(kind);
}

describe('three servers and an agent, started by the Temporal CLI alone, with a worker killed twice in the middle', () => {
  it('come up, one instance a slot', async () => {
    // Prepare
    const pools = [{ name: 'workers', count: 1, instanceType: 't3.medium' }];
    const file = fixture.file('trio.json', JSON.stringify(documentOf('trio', { mode: 'ha', pools })));

    // Act
    const started = await fixture.temporal(
      ...['workflow', 'start', '--type', 'cluster', '--task-queue', 'keelson'],
      ...['--workflow-id', 'cluster/trio', '--input-file', file],
    );
    for (const kind of ['launch', 'join']) {
      await untilBegun(kind);
      fixture.stack.worker().kill('SIGKILL');
      await fixture.stack.worker().ended;
      await fixture.stack.startWorker();
    }
    const waited = await fixture.keelson('retry', 'trio', '--wait', '-o', 'json');

    // Assess
    expect(started.code).toBe(0);
    expect(waited).toMatchObject({ code: 0 });
    const { phase, nodes } = (JSON.parse(waited.stdout) as { status: StatusView }).status;
    expect(phase).toBe('Running');
    expect(nodes.map(({ slot, generation, ready, voter }) => ({ slot, generation, ready, voter }))).toEqual([
      { slot: 'server-0', generation: 1, ready: 'True', voter: 'True' },
      { slot: 'server-1', generation: 1, ready: 'True', voter: 'True' },
      { slot: 'server-2', generation: 1, ready: 'True', voter: 'True' },
      { slot: 'workers-0', generation: 1, ready: 'True', voter: '-' },
    ]);
    const { launches } = await fixture.region<{ launches: unknown[] }>('record?calls=false');
    expect(launches).toHaveLength(4);
    expect(await fixture.region('duplicates')).toEqual([]);
  });

  it('keep their secrets out of history, SSM, record and logs', async () => {
    // Prepare
    const { nodes } = await status();
    const server = join(
      fixture.folder,
      'stack/region/instances',
      nodes[0]?.instanceId ?? '',
      'root/var/lib/rancher/k3s/server',
    );
    const passwordOf = (file: string) => readFileSync(join(server, file), 'utf8').trim().split(':').at(-1) ?? '';
    const kubeconfig = (await fixture.keelson('kubeconfig', 'trio')).stdout;
    const key = parse(kubeconfig).users[0].user['client-key-data'] as string;
    const pem = Buffer.from(key, 'base64').toString().split('\n')[1] ?? '';
    const secrets = { serverToken: passwordOf('token'), agentToken: passwordOf('agent-token'), key, pem };

    // Act
    const texts = await textsOf(fixture, 'trio');

    // Assess: the search finds what is there, and does not find what must not be.
    expect(kubeconfig).toContain(secrets.key);
    expect(Object.keys(texts)).toEqual(
      expect.arrayContaining(['history', 'record', 'commands', 'worker.log', 'region.log']),
    );
    for (const place of ['history', 'record', 'worker.log']) expect(texts[place]).toContain('server-1');
    expect(texts['commands']).toContain('keelson-job');
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret.length, `${name} is long enough to be searched for`).toBeGreaterThan(15);
      const found = Object.entries(texts).flatMap(([place, text]) => (text.includes(secret) ? [place] : []));
      expect(found, `${name} is found`).toEqual([]);
    }
    for (const place of ['history', 'worker.log']) expect(texts[place]).not.toContain('X-Amz-Signature');
  });

  it('are gone after delete, with all that was made for them', async () => {
    // Act
    const deleted = await fixture.keelson('delete', 'trio', '--yes', '--wait', '-o', 'json');

    // Assess
    expect(deleted.code).toBe(0);
    expect(JSON.parse(deleted.stdout).proof.terminated).toHaveLength(4);
    expect(await fixture.region('leftovers')).toMatchObject({ total: 0 });
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});
