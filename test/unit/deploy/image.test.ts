/** deploy/image: the script under a real bash and curl, against a mirror of our own; the template beside it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TestServer } from '../node-scripts/support/http.js';
import { FAKES, TestNode } from '../node-scripts/support/node.js';

const SCRIPT = resolve('deploy/image/install-k3s.sh');
const VERSION = 'v1.34.2+k3s1';
const RELEASE = '/k3s/v1.34.2%2Bk3s1';
const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const binaryName = arch === 'arm64' ? 'k3s-arm64' : 'k3s';
const ARCHIVE = `k3s-airgap-images-${arch}.tar.zst`;
const BINARY = readFileSync(join(FAKES, 'k3s'));
const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');

let node: TestNode;
let server: TestServer;
beforeEach(async () => {
  node = new TestNode();
  server = await new TestServer().open();
  server.files.set(`${RELEASE}/${binaryName}`, BINARY);
  server.files.set(`${RELEASE}/${ARCHIVE}`, 'images');
  server.files.set(
    `${RELEASE}/sha256sum-${arch}.txt`,
    `${sha256(BINARY)}  ${binaryName}\n${sha256('images')}  ${ARCHIVE}\n`,
  );
});
afterEach(async () => {
  await server.close();
  node.destroy();
});

const prepare = (more: Record<string, string> = {}) => {
  const set = Object.entries({ K3S_VERSION: VERSION, K3S_MIRROR: `${server.base}/k3s`, ...more });
  return node.start(`${set.map(([name, value]) => `export ${name}='${value}'\n`).join('')}bash ${SCRIPT}`).ended;
};
const filesIn = (folder: string) => (node.has(folder) ? readdirSync(node.path(folder)) : []);

describe('install-k3s.sh', () => {
  it('puts the checked binary and the archive of images in place, and starts nothing', async () => {
    const end = await prepare();

    expect(end.code, end.stderr).toBe(0);
    expect(readFileSync(node.path('usr/local/bin/k3s'))).toEqual(BINARY);
    expect(node.read(`var/lib/rancher/k3s/agent/images/${ARCHIVE}`)).toBe('images');
    expect(node.calls().filter((call) => call.startsWith('systemctl'))).toEqual([]);
  });

  it('leaves nothing to download to the node’s own scripts', async () => {
    // Prepare
    await prepare();
    const before = server.requests.length;
    // Act
    const params = { K3S_VERSION: VERSION, K3S_MIRROR: `${server.base}/k3s`, ARCH: arch, ROLE: 'server' };
    const end = await node.script('install', params);
    // Assess
    expect(end.job).toMatchObject({ outcome: 'done', result: { version: VERSION } });
    expect(server.requests.length).toBe(before);
  });

  it('changes nothing at a second run', async () => {
    await prepare();
    const before = server.requests.length;

    const end = await prepare();

    expect(end.code, end.stderr).toBe(0);
    expect(server.requests.slice(before)).toEqual([`GET ${RELEASE}/sha256sum-${arch}.txt`]);
  });

  it('leaves the images out where they are not wanted', async () => {
    const end = await prepare({ K3S_IMAGES: 'false' });

    expect(end.code, end.stderr).toBe(0);
    expect(node.has('var/lib/rancher')).toBe(false);
  });

  it.each<[string, () => void, Record<string, string>, RegExp]>([
    ['without a version', () => {}, { K3S_VERSION: '' }, /K3S_VERSION is missing; give a release/],
    [
      'for a release that the mirror lacks',
      () => {},
      { K3S_VERSION: 'v1.34.3+k3s1' },
      /cannot download .*v1\.34\.3%2Bk3s1/,
    ],
    [
      'for a binary that is not the release’s',
      () => server.files.set(`${RELEASE}/${binaryName}`, 'another'),
      {},
      /has SHA-256 [0-9a-f]{64}, the release says [0-9a-f]{64}; the mirror is inconsistent/,
    ],
    [
      'for a binary that is not the pinned one',
      () => {},
      { K3S_SHA256: sha256('another') },
      /K3S_SHA256 says [0-9a-f]{64}/,
    ],
    [
      'on a host that has been a node',
      () => node.write('var/lib/rancher/k3s/server/token', 'K10'),
      {},
      /has been a node/,
    ],
  ])('refuses %s, and leaves no binary', async (_, prepareTrouble, variables, message) => {
    prepareTrouble();

    const end = await prepare(variables);

    expect(end).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
    expect(filesIn('usr/local/bin')).toEqual([]);
  });
});

describe('image-builder.yaml', () => {
  it('runs the script as it lies beside it', () => {
    const { Resources } = parse(readFileSync('deploy/image/image-builder.yaml', 'utf8'), { logLevel: 'error' });
    const { phases } = parse(Resources.K3s.Properties.Data);
    const [command] = phases[0].steps[0].inputs.commands as [string];

    const [, text] = /<<'END_OF_SCRIPT'\n([\s\S]*)^END_OF_SCRIPT$/m.exec(command) ?? [];

    expect(text).toBe(readFileSync(SCRIPT, 'utf8'));
  });
});
