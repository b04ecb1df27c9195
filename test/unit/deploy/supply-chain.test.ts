/** What comes from elsewhere is pinned: packages, tools, images; and the list of it can be had. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'keelson-lock-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Entry {
  integrity?: string;
  resolved?: string;
  hasInstallScript?: boolean;
}

/** What the check says of a lock with one entry. */
function judged(entry: Entry): { code: number | null; said: string } {
  const file = join(dir, 'lock.json');
  writeFileSync(file, JSON.stringify({ packages: { '': {}, 'node_modules/some': entry } }));
  const { status, stderr } = spawnSync(process.execPath, ['scripts/lock.mjs', file], { encoding: 'utf8' });
  return { code: status, said: stderr };
}
const integrity = `sha512-${'A'.repeat(86)}==`;

describe('the lock of the packages', () => {
  it('pins each of them by SHA-512', () => {
    expect(spawnSync(process.execPath, ['scripts/lock.mjs'], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it.each([
    ['no integrity', {}, 'has no integrity'],
    ['a weak one', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, 'has no integrity'],
    ['a script at its installation', { integrity, hasInstallScript: true }, 'runs a script'],
    ['another registry', { integrity, resolved: 'https://evil.example/some.tgz' }, 'comes from https://evil.example'],
  ])('with %s is refused', (_, entry, expected) => {
    const { code, said } = judged(entry);

    expect(code).toBe(1);
    expect(said).toContain(`node_modules/some ${expected}`);
  });
});

describe('tools and images', () => {
  it('of Python are installed by hash', () => {
    const files = readdirSync('scripts/tools').filter((name) => name.startsWith('requirements-'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files)
      expect(readFileSync(join('scripts/tools', file), 'utf8')).toMatch(/--hash=sha256:[0-9a-f]{64}/);
  });

  it('are downloaded in no other way', () => {
    expect(readFileSync('scripts/tools/temporal.mjs', 'utf8')).not.toMatch(/cached-download|createLocal/);
  });

  it('of containers have a version for people and a digest that cannot move', () => {
    const texts = ['Dockerfile', 'docker-compose.yml'].map((file) => readFileSync(file, 'utf8')).join('\n');
    const images = [...texts.matchAll(/^(?:FROM|\s+image:) +(\S+)/gm)].map(([, image = '']) => image);
    const others = images.filter((image) => !image.startsWith('keelson'));
    expect(others.length).toBeGreaterThan(5);
    for (const image of others) expect(image).toMatch(/:\d+\.\d+(\.\d+)?(-[a-z-]+)?@sha256:[0-9a-f]{64}$/);
  });
});

describe('npm run sbom', () => {
  it('lists every package as CycloneDX, by version and hash, and says which ones a worker runs', () => {
    const { scripts, dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: { sbom: string };
      dependencies: Record<string, string>;
    };
    const [command = '', ...args] = scripts.sbom.split(' ');

    const list = JSON.parse(execFileSync(command, args, { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 })) as {
      bomFormat: string;
      components: {
        name: string;
        version: string;
        scope: string;
        hashes?: unknown[];
        purl: string;
      }[];
    };

    expect(list.bomFormat).toBe('CycloneDX');
    const required = list.components.filter(({ scope }) => scope === 'required');
    expect(required.map(({ name, version }) => `${name} ${version}`)).toEqual(
      expect.arrayContaining(Object.entries(dependencies).map(([name, version]) => `${name} ${version}`)),
    );
    expect(required.map(({ name }) => name)).not.toContain('vitest');
    // The packages of this repository come from no registry.
    const foreign = list.components.filter(({ purl }) => !/^pkg:npm\/(%40keelson\/|keelson-cli@)/.test(purl));
    for (const { name, hashes = [] } of foreign) expect(hashes.length, name).toBeGreaterThan(0);
  });
});
