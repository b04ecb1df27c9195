import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { mergeIntoFile, mergeKubeconfig, renameKubeconfig } from '../../../src/cli/kubeconfig/merge.js';

const STORED = `apiVersion: v1
kind: Config
clusters: [{ name: default, cluster: { server: "https://203.0.113.5:6443" } }]
users: [{ name: default, user: { token: t } }]
contexts: [{ name: default, context: { cluster: default, user: default } }]
current-context: default
`;
const OTHERS = `apiVersion: v1
kind: Config
preferences: { colors: true }
clusters: [{ name: work, cluster: { server: "https://work" } }, { name: shop, cluster: { server: "https://old" } }]
users: [{ name: work, user: {} }]
contexts: [{ name: work, context: { cluster: work, user: work, namespace: dev } }]
current-context: work
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-kubeconfig-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('kubeconfig', () => {
  it('goes by the name of its cluster', () => {
    const renamed = renameKubeconfig(STORED, 'shop');
    expect(renamed).toMatchObject({
      clusters: [{ name: 'shop', cluster: { server: 'https://203.0.113.5:6443' } }],
      users: [{ name: 'shop' }],
      contexts: [{ name: 'shop', context: { cluster: 'shop', user: 'shop' } }],
      'current-context': 'shop',
    });
  });

  it.each([
    { use: false, context: 'work' },
    { use: true, context: 'shop' },
  ])('merged with use=$use replaces its own entries and leaves others alone', ({ use, context }) => {
    // Act
    const merged = parse(mergeKubeconfig(OTHERS, renameKubeconfig(STORED, 'shop'), { use }));

    // Assess
    expect(merged.clusters).toEqual([
      { name: 'work', cluster: { server: 'https://work' } },
      { name: 'shop', cluster: { server: 'https://203.0.113.5:6443' } },
    ]);
    expect(merged.contexts[0]).toEqual({ name: 'work', context: { cluster: 'work', user: 'work', namespace: 'dev' } });
    expect(merged.preferences).toEqual({ colors: true });
    expect(merged['current-context']).toBe(context);
  });

  it('in a file is for its owner alone, also where the file was open to all, and a link stays a link', () => {
    // Prepare
    const target = join(folder, 'real');
    const link = join(folder, 'config');
    writeFileSync(target, OTHERS, { mode: 0o644 });
    symlinkSync(target, link);

    // Act
    mergeIntoFile(folder, 'config', renameKubeconfig(STORED, 'shop'), { use: false });

    // Assess
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toContain('203.0.113.5');
  });

  it('makes a file, and its folder, that was not there', () => {
    mergeIntoFile(folder, 'sub/config', renameKubeconfig(STORED, 'shop'), { use: false });
    expect(parse(readFileSync(join(folder, 'sub/config'), 'utf8'))['current-context']).toBe('shop');
  });

  it('leaves a file alone that is no kubeconfig', () => {
    writeFileSync(join(folder, 'notes'), '- a list');
    expect(() => mergeIntoFile(folder, 'notes', renameKubeconfig(STORED, 'shop'), { use: false })).toThrow(
      /is no kubeconfig/,
    );
    expect(readFileSync(join(folder, 'notes'), 'utf8')).toBe('- a list');
  });
});
