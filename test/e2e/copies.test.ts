import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { CopiedClusters } from '../support/copies/index.js';
import { PATIENCE_MS } from '../support/patience.js';
import { openStackFixture, type StackFixture } from './fixture.js';

let fixture: StackFixture;
let copies: CopiedClusters;
beforeAll(async () => {
  fixture = await openStackFixture({ nodes: 'paper' });
  const { stack, client, region } = fixture;
  const send: Parameters<typeof CopiedClusters.open>[0]['region'] = (path, how) =>
    region(path.replace('/_region/', ''), how && { method: how.method, body: JSON.stringify(how.body) });
  copies = await CopiedClusters.open({
    client,
    temporal: stack.temporal.address,
    regionUrl: stack.region.url,
    region: send,
  });
});
afterAll(async () => {
  await copies.close();
  await fixture.close();
});

const statusOf = (name: string) => fixture.client.workflow.getHandle(`cluster/${name}`).query<StatusView>('status');

test('a copy of a running cluster is a cluster like it: healthy, nothing to repair, and repaired when it loses a server', async () => {
  // Prepare
  const document = fixture.document('original', { mode: 'ha', network: { publicIp: false } });
  expect((await fixture.keelson('apply', '-f', document, '--wait')).code).toBe(0);

  // Act
  const { begin } = await copies.make('original', ['copy-1', 'copy-2']);
  await copies.untilUp(PATIENCE_MS);
  await begin();

  // Assess
  for (const name of ['copy-1', 'copy-2']) {
    await expect.poll(async () => (await statusOf(name)).phase).toBe('Running');
    const seen = await fixture.keelson('repair', name, '--wait');
    expect(seen, seen.stderr).toMatchObject({ code: 0 });
    const { health, nodes, operations, foreign } = (await statusOf(name)) as StatusView & { foreign?: unknown[] };
    expect({ health, foreign: foreign ?? [] }).toMatchObject({ health: 'Healthy', foreign: [] });
    expect(nodes.map(({ ready, voter }) => `${ready} ${voter}`)).toEqual(['True True', 'True True', 'True True']);
    expect(operations.filter(({ kind }) => kind !== 'create')).toEqual([]);
  }
  const { nodes } = await statusOf('copy-1');
  await fixture.region(`instances/${nodes[1]?.instanceId}/terminate?hard`, { method: 'POST' });
  const repaired = async () => (await statusOf('copy-1')).operations.map(({ kind, outcome }) => `${kind} ${outcome}`);
  await expect.poll(repaired).toEqual(['create done', 'repair done']);
  expect(await fixture.region('duplicates')).toEqual([]);
});
