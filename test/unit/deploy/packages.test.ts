/** What is installed elsewhere: the two npm packages and the image hold the product, neither the simulator nor tests. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Manifest {
  version: string;
  private?: boolean;
  engines: unknown;
  dependencies?: Record<string, string>;
}

const manifestOf = (folder: string) => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Manifest;

/** The files of the tarball that `npm pack` would make of what is built now. */
function filesOf(folder: string): { paths: string[]; unpackedBytes: number } {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const [pack] = JSON.parse(execFileSync('npm', args, { cwd: folder, encoding: 'utf8' })) as [
    { files: { path: string }[]; unpackedSize: number },
  ];
  return { paths: pack.files.map(({ path }) => path), unpackedBytes: pack.unpackedSize };
}

const FOREIGN =
  /(^|\/)(packages|test|bench|scripts|src)\/|\.test\.|\/(region|local|stand-ins|aws-tables)\/|simulator|\.ts$/;
const foreign = (paths: string[]) => paths.filter((path) => FOREIGN.test(path) && !path.startsWith('docs/'));

describe('npm pack of the worker (keelson)', () => {
  it('holds the programs, the workflow bundle and the node scripts; no simulator, no tests, no sources', () => {
    const { paths } = filesOf('.');

    expect(paths).toEqual(
      expect.arrayContaining([
        'dist/bin/keelson.js',
        'dist/bin/worker.js',
        'dist/workflow-bundle.js',
        'dist/node-scripts/install.sh',
        'schema/cluster.schema.json',
        'deploy/aws/keelson.yaml',
      ]),
    );
    expect(foreign(paths)).toEqual([]);
  });
});

describe('npm pack of the CLI (keelson-cli)', () => {
  it('holds the bundle alone, of at most 8 MB, and needs no other package', () => {
    const { paths, unpackedBytes } = filesOf('packages/cli');

    expect(paths).toEqual(expect.arrayContaining(['dist/bin/keelson.js', 'dist/LICENSE', 'README.md']));
    expect(foreign(paths)).toEqual([]);
    expect(paths).not.toContain('dist/bin/worker.js');
    expect(unpackedBytes).toBeLessThan(8_000_000);
    expect(manifestOf('packages/cli').dependencies).toBeUndefined();
  });

  it('has the version and the engines of the repository', () => {
    const { version, engines } = manifestOf('.');

    expect(manifestOf('packages/cli')).toMatchObject({ version, engines });
  });
});

describe('packages for development', () => {
  it.each(['aws-simulator', 'local-stack'])('never publishes %s', (name) => {
    expect(manifestOf(`packages/${name}`).private).toBe(true);
  });

  it('copies neither packages nor tests into the image', () => {
    const lines = readFileSync('Dockerfile', 'utf8').split('\n');
    const copied = lines.flatMap((line) => (/^COPY (?!--from)/.test(line) ? line.split(' ').slice(1, -1) : []));
    const sent = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));

    expect(copied.length).toBeGreaterThan(3);
    expect(sent).toEqual(expect.arrayContaining(copied.map((path) => path.replace('./', ''))));
    expect(sent.filter((path) => /^(packages|test)\b/.test(path))).toEqual([]);
  });
});
