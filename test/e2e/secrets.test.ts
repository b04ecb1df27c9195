import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/model/status.js';
import { textsOf } from './evidence.js';
import { type Bench, openBench } from './harness.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** A journal into which somebody has written every secret of the node, and an error that no further start will change. */
const JOURNAL = `#!/usr/bin/env bash
{ cat "$KEELSON_ROOT"/etc/rancher/k3s/*-token "$KEELSON_ROOT"/var/lib/keelson/jobs/*/secrets*
  echo 'level=fatal msg="token CA hash does not match"'
} 2>/dev/null | tee "\${0%/*}/said"
`;

describe('a script that fails with secrets in its log', () => {
  it('shows them nowhere: not in status, history, log, nor in what SSM keeps of its output', async () => {
    // Prepare
    const pools = [{ name: 'workers', count: 1, instanceType: 't3.medium' }];
    const fault = { point: 'k3s.start', match: { role: 'agent' }, effect: 'exit' };
    await bench.region('faults', { method: 'POST', body: JSON.stringify(fault) });
    await bench.keelson('apply', '-f', bench.document('leaky', { pools }));
    const status = () => bench.client.workflow.getHandle('cluster/leaky').query<StatusView>('status');
    const agent = async () => (await status()).nodes.find((node) => node.slot === 'workers-0');
    const bin = async () => join(bench.folder, 'stack/region/instances', (await agent())?.instanceId ?? '', 'bin');
    await expect.poll(async () => existsSync(join(await bin(), 'journalctl')), { timeout: 60_000 }).toBe(true);
    const journal = join(await bin(), 'journalctl');
    writeFileSync(`${journal}.new`, JOURNAL);
    chmodSync(`${journal}.new`, 0o755);
    renameSync(`${journal}.new`, journal);

    // Act
    await expect.poll(async () => (await status()).lastError?.code, { timeout: 120_000 }).toBe('TokenRejected');

    // Assess
    const said = readFileSync(join(await bin(), 'said'), 'utf8');
    const token = /K10[0-9a-f]+::[a-z]+:(\S+)/.exec(said)?.[1] ?? '';
    const signature = /X-Amz-Signature=([0-9a-f]+)/.exec(said)?.[1] ?? '';
    expect(token.length).toBeGreaterThan(15);
    expect(signature.length).toBeGreaterThan(15);
    const shown = await status();
    expect(shown.lastError?.message).toContain('<masked>');
    const { history = '', 'worker.log': log = '', commands = '' } = await textsOf(bench, 'leaky');
    expect(history).toContain('<masked>');
    const explained = (await bench.keelson('explain', 'leaky')).stdout;
    const texts = { status: JSON.stringify(shown), history, log, explained, commands };
    for (const [place, text] of Object.entries(texts)) {
      expect(text, `${place} tells of it`).toContain('leaky');
      expect(text.includes(token), `the token is in ${place}`).toBe(false);
    }
    // The command itself brings the URL to the node; what comes back must not.
    for (const [place, text] of Object.entries({ ...texts, commands: '' }))
      expect(text.includes(signature), `a presigned URL is in ${place}`).toBe(false);
  });

  it('does not keep the cluster from being deleted', async () => {
    expect(await bench.keelson('delete', 'leaky', '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await bench.region('leftovers')).toMatchObject({ total: 0 });
  });
});
