import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { editFiles } from '#src/cli/kubeconfig/file.js';
import { defaultLocation } from '#src/cli/kubeconfig/location.js';
import { isOfCluster, mergeKubeconfig } from '#src/cli/kubeconfig/merge.js';
import type { Access } from '#src/cli/kubeconfig/stored.js';
import { createAccess } from './access.js';

let access: Access;
beforeAll(() => {
  ({ access } = createAccess());
});
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-kubeconfig-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const options = { use: false, replace: false };
const mergeInto = (path: string, name = 'shop'): Promise<void> =>
  editFiles([{ path, edit: (existing) => mergeKubeconfig(existing, name, access, options) }], never);
const names = (path: string): string[] =>
  parse(readFileSync(path, 'utf8')).contexts.map((one: { name: string }) => one.name);

describe('a kubeconfig file', () => {
  it('is for its owner alone, also where it was open to all, and a link to it stays a link', async () => {
    // Prepare
    const [target, link] = [join(folder, 'real'), join(folder, 'config')];
    writeFileSync(target, 'apiVersion: v1\nkind: Config\n', { mode: 0o644 });
    chmodSync(target, 0o644);
    symlinkSync(target, link);

    // Act
    await mergeInto(link);

    // Assess
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(names(target)).toEqual(['shop']);
    expect(readdirSync(folder).sort()).toEqual(['config', 'real']);
  });

  it('is made with its folder when it was not there', async () => {
    await mergeInto(join(folder, 'sub/config'));
    expect(statSync(join(folder, 'sub')).mode & 0o777).toBe(0o700);
    expect(names(join(folder, 'sub/config'))).toEqual(['shop']);
  });

  it('is left alone, without a lock or a temporary file, when it is not a kubeconfig', async () => {
    writeFileSync(join(folder, 'notes'), '- a list');
    await expect(mergeInto(join(folder, 'notes'))).rejects.toThrow(/notes: the file is not a kubeconfig/);
    expect(readFileSync(join(folder, 'notes'), 'utf8')).toBe('- a list');
    expect(readdirSync(folder)).toEqual(['notes']);
  });

  it("waits for client-go's lock", async () => {
    // Prepare
    const path = join(folder, 'config');
    writeFileSync(`${path}.lock`, '');

    // Act
    const merging = mergeInto(path);
    const early = existsSync(path);
    rmSync(`${path}.lock`);
    await merging;

    // Assess
    expect(early).toBe(false);
    expect(names(path)).toEqual(['shop']);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('names the lock that another program holds, and leaves it there', async () => {
    const path = join(folder, 'config');
    writeFileSync(`${path}.lock`, '');
    const given = editFiles([{ path, edit: () => '' }], AbortSignal.abort());
    await expect(given).rejects.toThrow(`${path}.lock is held by another program`);
    expect(existsSync(`${path}.lock`)).toBe(true);
  });

  it('loses nothing when two processes merge at once', async () => {
    // Prepare
    const path = join(folder, 'config');
    const script = fileURLToPath(new URL('merge-many.ts', import.meta.url));
    const merge = (prefix: string): Promise<number | null> =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, ['--import', 'tsx', script, path, prefix], { stdio: 'inherit' });
        child.on('error', reject);
        child.on('close', resolve);
      });

    // Act
    const codes = await Promise.all([merge('a'), merge('b')]);

    // Assess
    expect(codes).toEqual([0, 0]);
    const all = ['a', 'b'].flatMap((prefix) => Array.from({ length: 20 }, (_, index) => `${prefix}${index}`));
    expect(names(path).sort()).toEqual(all.sort());
  });
});

describe('a file of one cluster', () => {
  it('is written over only while it holds nothing else', () => {
    const alone = mergeKubeconfig(null, 'shop', access, options);
    expect(isOfCluster(alone, 'shop')).toBe(true);
    expect(isOfCluster(mergeKubeconfig(alone, 'work', access, options), 'shop')).toBe(false);
  });
});

describe('without a file, a merge', () => {
  const at = (env: Record<string, string>) => defaultLocation({ HOME: folder, ...env }, folder, 'shop');
  const write = (name: string, text = 'apiVersion: v1\nkind: Config\n'): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('goes to ~/.kube/config', () => {
    const path = join(folder, '.kube', 'config');
    expect(at({})).toEqual({ path, current: path });
  });

  it('goes to the first file of KUBECONFIG that exists, else to the last', () => {
    const KUBECONFIG = ['a', 'b', 'c'].map((one) => join(folder, one)).join(':');
    expect(at({ KUBECONFIG }).path).toBe(join(folder, 'c'));
    write('b');
    expect(at({ KUBECONFIG }).path).toBe(join(folder, 'b'));
  });

  it('changes the entries in the file of KUBECONFIG that holds them, and the current context in the first', () => {
    const current = write('a');
    const path = write('b', mergeKubeconfig(null, 'shop', access, options));
    expect(at({ KUBECONFIG: `${current}:${path}` })).toEqual({ path, current });
  });
});
