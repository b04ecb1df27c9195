import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { textsOf } from './evidence.js';
import { DIST, openStackFixture, type StackFixture, start } from './fixture.js';

const KEYS = `2026=${randomBytes(32).toString('base64')}`;
const DOCUMENT = { tags: { team: 'a-word-of-the-document' } };

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture({ env: { ...process.env, KEELSON_PAYLOAD_KEYS: KEYS } });
});
afterAll(() => fixture?.close());

/** The status as the `temporal` command shows it: without the codec server, and with it. */
async function shownByTemporal(cluster: string): Promise<[string, string]> {
  const { env } = fixture.stack;
  const server = start(process.execPath, [`${DIST}bin/keelson.js`, 'codec-server', '--port', '0'], env, fixture.folder);
  const [line] = (await once(createInterface(server.child.stdout), 'line')) as [string];
  const show = ['workflow', 'query', '--workflow-id', `cluster/${cluster}`, '--type', 'status'];
  const plain = await fixture.temporal(...show);
  const decoded = await fixture.temporal(...show, '--codec-endpoint', line);
  server.child.kill('SIGINT');
  expect((await server.ended).code).toBe(0);
  return [plain.stdout + plain.stderr, decoded.stdout + decoded.stderr];
}

describe('a worker and commands with KEELSON_PAYLOAD_KEYS', () => {
  it('make, show and delete a cluster of which the Temporal service reads nothing', async () => {
    // Act
    const made = await fixture.keelson('apply', '-f', fixture.document('sealed', DOCUMENT), '--wait', '-o', 'json');
    const shown = await fixture.keelson('status', 'sealed', '-o', 'json');
    const { history = '' } = await textsOf(fixture, 'sealed');
    const [plain, decoded] = await shownByTemporal('sealed');
    const deleted = await fixture.keelson('delete', 'sealed', '--yes', '--wait');

    // Assess
    expect([made.code, shown.code, deleted.code]).toEqual([0, 0, 0]);
    const status = JSON.parse(shown.stdout) as StatusView;
    expect(status.phase).toBe('Running');
    expect(history).toContain('binary/encrypted');
    const [node] = status.nodes;
    for (const word of ['a-word-of-the-document', node?.privateIp ?? 'none', node?.instanceId ?? 'none'])
      expect(history.includes(word), `${word} is in the history`).toBe(false);
    // Temporal's own command reads it by the codec server alone.
    expect(plain).not.toContain(node?.instanceId);
    expect(decoded).toContain(node?.instanceId);
    expect(await fixture.region('leftovers')).toMatchObject({ total: 0 });
  });

  it('have no words of a failure in the histories, and show them to people with the keys', async () => {
    // Prepare
    const sum = 'a'.repeat(64);
    const k3s = { version: 'v1.34.2+k3s1', sha256: { amd64: sum } };
    // Act
    const failed = await fixture.keelson('apply', '-f', fixture.document('failing', { k3s }), '--wait');
    const explained = await fixture.keelson('explain', 'failing');
    const { history = '' } = await textsOf(fixture, 'failing');
    const deleted = await fixture.keelson('delete', 'failing', '--yes', '--wait');
    // Assess
    expect([failed.code, deleted.code]).toEqual([1, 0]);
    expect(explained.stdout).toMatch(/ChecksumMismatch[\s\S]*aaaa/);
    expect(history).toContain('Encoded failure');
    expect(history.includes(sum), 'a word of the failure is in the history').toBe(false);
  });
});
