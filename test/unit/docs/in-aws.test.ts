import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PAGE = 'docs/reference/in-aws.md';
const rows = readFileSync(PAGE, 'utf8')
  .split('\n')
  .filter((line) => /^\| (\d+\.|with|in) /.test(line))
  .map((line) => line.split('|').slice(1, -1));
const linksIn = (cell = ''): string[] => [...cell.matchAll(/\]\(([^)#]+)/g)].map(([, link = '']) => link);

describe('the table of what a cluster in AWS needs', () => {
  it('has ten numbers and four clusters', () => {
    const numbers = rows.flatMap(([what = '']) => /^ (\d+)\./.exec(what)?.[1] ?? []);
    expect(numbers).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
    expect(rows).toHaveLength(14);
  });

  it('names a test and a page for each, and they exist', () => {
    for (const [what, tests, page] of rows) {
      const links = [...linksIn(tests), ...linksIn(page)];
      expect(linksIn(tests).length, what).toBeGreaterThan(0);
      if (page !== undefined) expect(linksIn(page).length, what).toBeGreaterThan(0);
      for (const link of links) expect(existsSync(join(dirname(PAGE), link)), link).toBe(true);
    }
  });

  it.each(['cni', 'pools', 'other-account'])(
    'holds of %s: created, changed, repaired, deleted, nothing left',
    (name) => {
      const text = readFileSync(`test/e2e/${name}.test.ts`, 'utf8');
      for (const sign of [/'apply'/, /instances\/\$\{[^}]+\}\/terminate/, /'delete'/, /leftovers/, /duplicates/])
        expect(text).toMatch(sign);
    },
  );
});
