/** prepare and install under a real bash and curl. Fakes: systemctl; the k3s binary that the mirror (our own server) gives. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderUserData } from '#src/node-scripts/render.js';
import { TestServer } from './support/http.js';
import { FAKES, TestNode, until } from './support/node.js';

const VERSION = 'v1.34.2+k3s1';
const RELEASE = '/k3s/v1.34.2%2Bk3s1';
const BINARY = readFileSync(join(FAKES, 'k3s'));
const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');

let node: TestNode;
let server: TestServer;
beforeEach(async () => {
  node = new TestNode();
  server = await new TestServer().open();
  server.files.set(`${RELEASE}/k3s`, BINARY);
  server.files.set(`${RELEASE}/k3s-arm64`, BINARY);
  for (const [arch, name] of [
    ['amd64', 'k3s'],
    ['arm64', 'k3s-arm64'],
  ]) {
    server.files.set(
      `${RELEASE}/sha256sum-${arch}.txt`,
      `${sha256('images')}  k3s-airgap.tar\n${sha256(BINARY)}  ${name}\n`,
    );
  }
});
afterEach(async () => {
  await server.close();
  node.destroy();
});

const install = (more: Record<string, string> = {}) =>
  node.script('install', {
    K3S_VERSION: VERSION,
    K3S_MIRROR: `${server.base}/k3s`,
    ARCH: 'amd64',
    ROLE: 'server',
    ...more,
  });
const prepare = (sha?: string) =>
  node.start(
    renderUserData({
      version: VERSION,
      mirror: `${server.base}/k3s`,
      architecture: 'amd64',
      ...(sha === undefined ? {} : { sha256: sha }),
    }).replace('#!/bin/bash', 'exec bash -s <<"EOF"') + 'EOF\n',
  ).ended;

describe('install', () => {
  it('puts a checked binary, kubectl and a unit in place, and starts nothing, at the next boot neither', async () => {
    const end = await install();

    expect(end.job).toMatchObject({ outcome: 'done', result: { version: VERSION, changed: 'true' } });
    expect(readFileSync(node.path('usr/local/bin/k3s'))).toEqual(BINARY);
    expect(statSync(node.path('usr/local/bin/kubectl')).isFile()).toBe(true);
    const unit = node.read('etc/systemd/system/k3s.service');
    expect(unit).toContain('\nType=notify\n');
    expect(unit).toContain('\nKillMode=process\n');
    expect(unit).toContain(`\nExecStart="${node.root}/usr/local/bin/k3s" server\n`);
    expect(node.calls()).toContain('systemctl daemon-reload');
    expect(node.calls().filter((call) => /systemctl (enable|(re)?start)/.test(call))).toEqual([]);
  });

  it('changes nothing and asks the mirror for nothing where the version is there', async () => {
    await install();
    const before = server.requests.length;

    const end = await install();

    expect(end.job.result).toEqual({ version: VERSION, changed: 'false' });
    expect(server.requests.length).toBe(before);
  });

  it('takes the agent unit and the arm64 binary where asked', async () => {
    const end = await install({ ROLE: 'agent', ARCH: 'arm64' });

    expect(end.job.outcome).toBe('done');
    expect(node.read('etc/systemd/system/k3s-agent.service')).toContain('bin/k3s" agent\n');
    expect(server.requests).toContain(`GET ${RELEASE}/k3s-arm64`);
  });

  it.each(['server', 'agent'])(
    'finds K3s in place after the first boot of a %s, which starts nothing',
    async (role) => {
      // Prepare
      const boot = await prepare();
      const version = sha256(readFileSync(node.path('usr/local/bin/k3s')));
      const before = server.requests.length;
      // Act
      const end = await install({ ROLE: role });
      // Assess
      expect(boot.code, boot.stderr).toBe(0);
      expect(version).toBe(sha256(BINARY));
      expect(end.job.result).toEqual({ version: VERSION, changed: 'true' });
      expect(server.requests.length).toBe(before);
      expect(node.calls().filter((call) => /systemctl (enable|(re)?start)/.test(call))).toEqual([]);
    },
  );

  it('keeps what a job has put in place while the first boot fetched something else', async () => {
    // Prepare
    const release = server.hold(`${RELEASE}/k3s`);
    const boot = prepare();
    await until(() => server.requests.includes(`GET ${RELEASE}/k3s`));
    // Act
    mkdirSync(node.path('usr/local/bin'), { recursive: true });
    writeFileSync(node.path('usr/local/bin/k3s'), 'of a job', { mode: 0o755 });
    release();
    const end = await boot;
    // Assess
    expect(end.code, end.stderr).toBe(0);
    expect(readFileSync(node.path('usr/local/bin/k3s'), 'utf8')).toBe('of a job');
  });

  it('waits for a prefetch under way instead of loading twice', async () => {
    const release = server.hold(`${RELEASE}/k3s`);
    const prefetch = prepare();
    await until(() => server.requests.includes(`GET ${RELEASE}/k3s`));
    const installed = install();
    await until(() => node.logs().includes('waiting for: the lock download'));
    release();

    const [first, end] = await Promise.all([prefetch, installed]);

    expect(first.code).toBe(0);
    expect(end.job.outcome).toBe('done');
    expect(server.requests.filter((request) => request === `GET ${RELEASE}/k3s`)).toHaveLength(1);
  });

  it('goes on after a mirror that fails for a moment', async () => {
    server.failures.set(`${RELEASE}/k3s`, [503]);

    expect((await install()).job.outcome).toBe('done');
  });

  it.each([
    ['ChecksumMismatch', () => server.files.set(`${RELEASE}/k3s`, 'tampered'), {}],
    ['ChecksumMismatch', () => undefined, { K3S_SHA256: 'f'.repeat(64) }],
    ['ChecksumMissing', () => server.files.set(`${RELEASE}/sha256sum-amd64.txt`, ''), {}],
    ['VersionNotFound', () => undefined, { K3S_VERSION: 'v1.99.0+k3s1' }],
    ['MirrorRefused', () => server.failures.set(`${RELEASE}/sha256sum-amd64.txt`, [403]), {}],
    ['ArchitectureUnknown', () => undefined, { ARCH: 'riscv64' }],
    ['BinaryUnusable', () => breakBinary(), {}],
  ])('fails with %s', async (code, prepareCase, params) => {
    prepareCase();

    const end = await install(params);

    expect(end.job).toMatchObject({ outcome: 'failed', exitCode: 1, result: { code } });
    expect(end.job.logTail.split('\n').at(-1)).toMatch(/^error: .+ \(.+\)$/);
    expect(node.has('etc/systemd/system/k3s.service')).toBe(false);
  });

  it('reports a mirror that does not answer', async () => {
    // A server without TLS: curl gives up at once, while it would try a closed port again for 15 s.
    const end = await install({ K3S_MIRROR: `${server.base.replace('http:', 'https:')}/k3s` });

    expect(end.job.result).toEqual({ code: 'MirrorUnreachable' });
  });

  it.each([
    [6, 'MirrorUnreachable', /the host name is not known to DNS \(curl 6\)/],
    [7, 'MirrorUnreachable', /the connection was refused/],
    [28, 'MirrorUnreachable', /no answer in time/],
    [60, 'CertificateUntrusted', /signed by a CA that this image does not know/],
    [77, 'CertificateUntrusted', /no CA certificates/],
    [127, 'ToolMissing', /no curl on this image/],
  ])('reports what curl means by exit %i', async (exit, code, says) => {
    node.program('curl', `#!/bin/sh\nprintf 000\nexit ${exit}\n`);

    const end = await install();

    expect(end.job.result).toEqual({ code });
    expect(end.job.logTail).toMatch(says);
  });

  it('installs nothing of a file with the wrong checksum, and leaves nothing of it in the cache', async () => {
    server.files.set(`${RELEASE}/k3s`, 'tampered');

    await install();

    expect(node.has('usr/local/bin/k3s')).toBe(false);
    expect(readdirSync(node.path('var/lib/keelson/cache'))).toEqual([]);
  });

  it('replaces a cached file that has changed since', async () => {
    await prepare();
    writeFileSync(node.path(`var/lib/keelson/cache/k3s-${VERSION}-amd64`), 'rotten');

    expect((await install()).job.outcome).toBe('done');
  });
});

/** A binary of the right checksum that this machine cannot run as that version. */
function breakBinary(): void {
  const other = '#!/bin/sh\necho "k3s version v1.0.0+k3s1 (other)"\n';
  server.files.set(`${RELEASE}/k3s`, other);
  server.files.set(`${RELEASE}/sha256sum-amd64.txt`, `${sha256(other)}  k3s\n`);
}
