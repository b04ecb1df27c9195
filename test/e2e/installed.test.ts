/** The packages as people install them, outside of the checkout. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './fixture.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;
/** Nothing of the person's own: no AWS, no Temporal, no local stack. */
let bare: NodeJS.ProcessEnv;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-installed-'));
  bare = { PATH: process.env['PATH'], HOME: folder };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @returns path of the tarball */
function pack(from: string): string {
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  return join(folder, execFileSync('npm', args, { cwd: from, encoding: 'utf8' }).trim());
}

describe('npm install --global of the packed CLI', () => {
  let keelson: string;

  beforeAll(() => {
    const prefix = join(folder, 'prefix');
    // Offline: it has no dependencies that npm would have to fetch.
    const args = ['install', '--global', '--offline', '--no-audit', '--no-fund', '--prefix', prefix];
    execFileSync('npm', [...args, pack(join(ROOT, 'packages/cli'))], { cwd: folder });
    keelson = join(prefix, 'bin/keelson');
  });

  it('installs one package, and no other with it', () => {
    expect(readdirSync(join(folder, 'prefix/lib/node_modules'))).toEqual(['keelson-cli']);
    expect(readdirSync(join(folder, 'prefix/lib/node_modules/keelson-cli'))).not.toContain('node_modules');
  });

  it('says its version', async () => {
    const { code, stdout } = await run(keelson, ['version'], bare, folder);

    expect([code, stdout]).toEqual([0, expect.stringMatching(/^keelson \d+\.\d+\.\d+\n$/)]);
  });

  it('validates a document', async () => {
    copyFileSync(join(ROOT, 'examples/ha.yaml'), join(folder, 'ha.yaml'));

    const { code, stdout, stderr } = await run(keelson, ['validate', '-f', 'ha.yaml', '-o', 'json'], bare, folder);

    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ items: [{ file: 'ha.yaml', cluster: 'demo', problems: [] }] });
  });

  it('loads the clients of Temporal and AWS: a command that needs them says what cannot be reached', async () => {
    const nowhere = { ...bare, TEMPORAL_ADDRESS: '127.0.0.1:1', KEELSON_BUCKET: 'none', AWS_REGION: 'eu-west-1' };

    const { code, stderr } = await run(keelson, ['list'], nowhere, folder);

    expect([code, stderr]).toEqual([5, expect.stringContaining('127.0.0.1:1')]);
  });
});

describe('the packed worker', () => {
  let unpacked: string;

  beforeAll(() => {
    unpacked = join(folder, 'worker');
    mkdirSync(unpacked);
    execFileSync('tar', ['-xzf', pack(ROOT), '-C', unpacked]);
    symlinkSync(join(ROOT, 'node_modules'), join(unpacked, 'node_modules'));
  });

  it('has every file that its README names', () => {
    const readme = readFileSync(join(unpacked, 'package/README.md'), 'utf8');
    const names = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].flatMap(([, name]) => name ?? []);

    const missing = names.filter((name) => !existsSync(join(unpacked, 'package', name)));

    expect(names.length).toBeGreaterThan(10);
    expect(missing).toEqual([]);
  });

  it('starts from what is packed and its dependencies: without settings it names those that are missing', async () => {
    const { code, stderr } = await run(join(unpacked, 'package/dist/bin/worker.js'), [], bare, folder);

    expect([code, stderr]).toEqual([2, expect.stringContaining('KEELSON_BUCKET: is not set')]);
  });
});
