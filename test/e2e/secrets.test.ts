import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { textsOf } from './evidence.js';
import { openStackFixture, type StackFixture } from './fixture.js';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

/** A journal into which someone has written every secret of the node, and an error that no further start will change. */
const JOURNAL = `#!/usr/bin/env bash
{ cat "$KEELSON_ROOT"/etc/rancher/k3s/*-token "$KEELSON_ROOT"/var/lib/keelson/jobs/*/secrets*
  echo 'level=fatal msg="token CA hash does not match"'
} 2>/dev/null | tee "\${0%/*}/said"
`;

/** An object of the bucket, read as the account's administrator. */
async function stored(key: string): Promise<string> {
  const { url } = fixture.stack.region;
  const s3 = new S3Client({ region: 'eu-west-1', endpoint: url, forcePathStyle: true, credentials: CREDENTIALS.admin });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: fixture.stack.env['KEELSON_BUCKET'], Key: key }));
  return (await Body?.transformToString()) ?? '';
}

/** What stands in a place, and what stands there in base64. */
function unfolded(text: string): string {
  const encoded = text.match(/[A-Za-z0-9+/]{60,}={0,2}/g) ?? [];
  return [text, ...encoded.map((part) => Buffer.from(part, 'base64').toString('latin1'))].join('\n');
}

const urlsIn = (text: string): string[] =>
  unfolded(text).match(/https?:\/\/[^\s"'\\<>]+X-Amz-Signature=[0-9a-f]+/g) ?? [];

/** Status of every use that the holder of a URL can make of it. */
async function tried(url: string): Promise<number[]> {
  const forged = { method: 'PUT', body: 'forged' };
  const uses: RequestInit[] = [
    {},
    forged,
    { ...forged, headers: { 'If-None-Match': '*' } },
    { ...forged, headers: { 'If-Match': '*' } },
  ];
  return Promise.all(uses.map(async (use) => (await fetch(url, use)).status));
}

const ROLES = { pools: [{ name: 'workers', count: 1, instanceType: 't3.medium' }] };

/** All that the disks of nodes hold outside of K3s's own folders. */
const disks = (): Record<string, string> => {
  const machines = join(fixture.folder, 'stack/region/instances');
  const files = readdirSync(machines, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const paths = files.map((one) => join(one.parentPath, one.name)).filter((path) => !/rancher/.test(path));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path, 'latin1')]));
};

/**
 * Searches every place that people and programs read for URLs and secrets of a cluster, and uses what it finds.
 *
 * @returns the texts of all places
 */
async function expectNothingUsable(cluster: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = { ...(await textsOf(fixture, cluster)), ...disks() };
  const found = Object.entries(texts).flatMap(([place, text]) => urlsIn(text).map((url) => ({ place, url })));
  for (const { place, url } of found) expect(await tried(url), `a URL in ${place}`).not.toContain(200);
  const kept = ['k3s-server-token', 'k3s-agent-token', 'kubeconfig'].map((key) => stored(`clusters/${cluster}/${key}`));
  const secrets = (await Promise.all(kept)).flatMap(
    (text) => text.match(/(?<=::[a-z]+:)\S+|(?<=client-key-data: )\S+/g) ?? [],
  );
  expect(secrets.length).toBeGreaterThanOrEqual(3);
  for (const [place, text] of Object.entries(texts))
    for (const secret of secrets) expect(unfolded(text).includes(secret), `a secret in ${place}`).toBe(false);
  return texts;
}

describe('a create, a join and a new kubeconfig', () => {
  it('leave nothing in records, histories, logs and on disks that opens anything', async () => {
    // Prepare
    const apply = (spec: Record<string, unknown>) =>
      fixture.keelson('apply', '-f', fixture.document('quiet', spec), '--wait');

    // Act
    const ran = [
      await apply({}),
      await apply(ROLES),
      await apply({ ...ROLES, access: { apiHostname: 'k3s.example' } }),
    ];

    // Assess
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 0]);
    const texts = await expectNothingUsable('quiet');
    // Each of the two nodes is asked for its key once, whatever it is sent later.
    expect(texts['commands']?.match(/^keelson-key id=/gm)).toHaveLength(2);
    expect(texts['commands']).toMatch(/^mac=[0-9a-f]{64}$/m);
    expect(await fixture.keelson('delete', 'quiet', '--yes', '--wait')).toMatchObject({ code: 0 });
  });
});

describe('a backup, a restore of it with its tokens, and a join after it', () => {
  it('leave nothing in records, histories, logs and on disks that opens anything', async () => {
    // Prepare
    const apply = (spec: Record<string, unknown>) =>
      fixture.keelson('apply', '-f', fixture.document('restored', { mode: 'ha', ...spec }), '--wait');
    const before = [await apply({}), await fixture.keelson('backup', 'restored', '--wait')];

    // Act
    const ran = [await fixture.keelson('restore', 'restored', '--yes', '--wait'), await apply(ROLES)];

    // Assess
    expect([...before, ...ran].map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    await expectNothingUsable('restored');
    expect(await fixture.keelson('delete', 'restored', '--yes', '--wait')).toMatchObject({ code: 0 });
  });
});

describe('a script that fails with secrets in its log', () => {
  it('shows them nowhere: not in status, history, log, nor in what SSM keeps of its output', async () => {
    // Prepare
    const pools = [{ name: 'workers', count: 1, instanceType: 't3.medium' }];
    const fault = { point: 'k3s.start', match: { role: 'agent' }, effect: 'exit' };
    await fixture.region('faults', { method: 'POST', body: JSON.stringify(fault) });
    await fixture.keelson('apply', '-f', fixture.document('leaky', { pools }));
    const status = () => fixture.client.workflow.getHandle('cluster/leaky').query<StatusView>('status');
    const agent = async () => (await status()).nodes.find((node) => node.slot === 'workers-0');
    const bin = async () => join(fixture.folder, 'stack/region/instances', (await agent())?.instanceId ?? '', 'bin');
    await expect.poll(async () => existsSync(join(await bin(), 'journalctl'))).toBe(true);
    const journal = join(await bin(), 'journalctl');
    writeFileSync(`${journal}.new`, JOURNAL);
    chmodSync(`${journal}.new`, 0o755);
    renameSync(`${journal}.new`, journal);

    // Act
    await expect.poll(async () => (await status()).lastError?.code).toBe('TokenRejected');

    // Assess
    const said = readFileSync(join(await bin(), 'said'), 'utf8');
    const token = /K10[0-9a-f]+::[a-z]+:(\S+)/.exec(said)?.[1] ?? '';
    const signature = /X-Amz-Signature=([0-9a-f]+)/.exec(said)?.[1] ?? '';
    expect(token.length).toBeGreaterThan(15);
    expect(signature.length).toBeGreaterThan(15);
    const shown = await status();
    expect(shown.lastError?.message).toContain('<masked>');
    const { history = '', 'worker.log': log = '', commands = '' } = await textsOf(fixture, 'leaky');
    expect(history).toContain('<masked>');
    const explained = (await fixture.keelson('explain', 'leaky')).stdout;
    const texts = { status: JSON.stringify(shown), history, log, explained, commands };
    for (const [place, text] of Object.entries(texts)) {
      expect(text, `${place} tells of it`).toContain('leaky');
      expect(text.includes(token), `the token is in ${place}`).toBe(false);
    }
    for (const [place, text] of Object.entries(texts))
      expect(text.includes(signature), `a presigned URL is in ${place}`).toBe(false);
  });

  it('does not keep the cluster from being deleted', async () => {
    expect(await fixture.keelson('delete', 'leaky', '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.region('leftovers?cluster=leaky')).toMatchObject({ total: 0 });
  });
});
