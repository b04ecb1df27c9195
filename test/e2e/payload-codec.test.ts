import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/model/status.js';
import { textsOf } from './evidence.js';
import { type Bench, openBench } from './harness.js';

const KEYS = `2026=${randomBytes(32).toString('base64')}`;
const DOCUMENT = { tags: { team: 'a-word-of-the-document' } };

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ env: { ...process.env, KEELSON_PAYLOAD_KEYS: KEYS } });
});
afterAll(() => bench?.close());

describe('a worker and commands with KEELSON_PAYLOAD_KEYS', () => {
  it('make, show and delete a cluster of which the Temporal service reads nothing', { timeout: 180_000 }, async () => {
    // Act
    const made = await bench.keelson('apply', '-f', bench.document('sealed', DOCUMENT), '--wait', '-o', 'json');
    const shown = await bench.keelson('status', 'sealed', '-o', 'json');
    const { history = '' } = await textsOf(bench, 'sealed');
    const deleted = await bench.keelson('delete', 'sealed', '--yes', '--wait');

    // Assess
    expect([made.code, shown.code, deleted.code]).toEqual([0, 0, 0]);
    const status = JSON.parse(shown.stdout) as StatusView;
    expect(status.phase).toBe('Running');
    expect(history).toContain('binary/encrypted');
    const [node] = status.nodes;
    for (const word of ['a-word-of-the-document', node?.privateIp ?? 'none', node?.instanceId ?? 'none'])
      expect(history.includes(word), `${word} is in the history`).toBe(false);
    expect(await bench.region('leftovers')).toMatchObject({ total: 0 });
  });

  it('have no words of a failure in the histories, and show them to people with the keys', async () => {
    // Prepare
    const sum = 'a'.repeat(64);
    const k3s = { version: 'v1.34.2+k3s1', sha256: { amd64: sum } };
    // Act
    const failed = await bench.keelson('apply', '-f', bench.document('failing', { k3s }), '--wait');
    const explained = await bench.keelson('explain', 'failing');
    const { history = '' } = await textsOf(bench, 'failing');
    const deleted = await bench.keelson('delete', 'failing', '--yes', '--wait');
    // Assess
    expect([failed.code, deleted.code]).toEqual([1, 0]);
    expect(explained.stdout).toMatch(/ChecksumMismatch[\s\S]*aaaa/);
    expect(history).toContain('Encoded failure');
    expect(history.includes(sum), 'a word of the failure is in the history').toBe(false);
  });
});
