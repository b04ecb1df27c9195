import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KNOWN_ERRORS } from '../../../../src/model/errors/index.js';

/** Where codes of our own are given: `failure('class', 'Code'`, `invalid('Code'`, `code: 'Code'` in TypeScript, `fail Code` in scripts. */
const GIVEN = {
  '.ts': /(?:\bcode:\s*|failure\(\s*'[a-z-]+',\s*|invalid\(\s*)'([A-Z][A-Za-z.]+)'/g,
  '.sh': /^\s*(?:.*(?:\|\||&&|then|;)\s*)?fail ([A-Z][A-Za-z]+)/gm,
};

function codesIn(folder: string, ending: keyof typeof GIVEN): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .flatMap((entry) => [...readFileSync(join(entry.parentPath, entry.name), 'utf8').matchAll(GIVEN[ending])])
    .map(([, code]) => code ?? '');
}

describe('table of errors', () => {
  it.each([
    ['src/activities', '.ts'],
    ['src/aws', '.ts'],
    ['src/workflows', '.ts'],
    ['src/node', '.sh'],
  ] as const)('has every code that %s gives', (folder, ending) => {
    // Act
    const codes = codesIn(folder, ending);
    // Assess
    expect(codes.filter((code) => !Object.hasOwn(KNOWN_ERRORS, code))).toEqual([]);
    expect(codes.length).toBeGreaterThan(0);
  });
});
