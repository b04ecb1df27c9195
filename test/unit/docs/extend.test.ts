import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${root}docs/development/extend.md`, 'utf8');

/** Paths in code spans; the folder alone where a newcomer names the file. */
const paths = [...page.matchAll(/`((?:src|packages|test|docs|deploy|schema|scripts|bench)\/[^`\s]*)`/g)].map(
  ([, path = '']) => path.replace(/NAME\..*/, ''),
);

describe('the page about extending Keelson', () => {
  it('names only files and folders that exist', () => {
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  });

  it('has a row for each of ten changes, and no row names more than four folders', () => {
    const table = page.slice(page.indexOf('| change |'), page.indexOf('\n\n', page.indexOf('| change |')));
    const rows = table.split('\n').slice(2);
    expect(rows).toHaveLength(10);
    expect(rows.filter((row) => (row.split('|')[3] ?? '').split(',').length > 4)).toEqual([]);
  });
});
