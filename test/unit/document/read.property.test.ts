import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readDocument } from '#src/document/read.js';
import { parseDocument } from '#src/model/spec/parse.js';
import { sample } from '../model/spec/sample.js';

describe('readDocument', () => {
  it('never throws, and every problem has a place within the text', () => {
    const fragments = fc.constantFrom(
      'spec:',
      '  ',
      '\n',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '"',
      ': ',
      '? ',
      '| ',
      '!!x ',
      '---\n',
      '#',
      'mode: ha\n',
      '\t',
      '%',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fragments, fc.string({ maxLength: 6 })), { maxLength: 40 }), (parts) => {
        // Prepare
        const text = parts.join('');
        // Act
        const read = readDocument(text, 'F');
        // Assess
        const lines = text.split('\n');
        for (const { line, column } of read.ok ? [] : read.problems) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('finds in YAML and in JSON what parseDocument finds in the value', () => {
    const spec = fc.record({
      mode: fc.constantFrom('ha', 'dev', 'hb'),
      paused: fc.oneof(fc.boolean(), fc.constant('x')),
      tags: fc.dictionary(fc.constantFrom('a', 'aws:b', 'Name'), fc.constantFrom('x', '')),
    });
    fc.assert(
      fc.property(spec, fc.boolean(), (fields, json) => {
        // Prepare
        const value = sample(fields);
        const text = json ? JSON.stringify(value, null, 2) : stringify(value);
        // Act
        const read = readDocument(text, 'F');
        const parsed = parseDocument(value);
        // Assess
        if (read.ok || parsed.ok) expect(read).toEqual({ ...parsed, warnings: [] });
        else
          expect(new Set(read.problems.map((one) => one.message))).toEqual(
            new Set(parsed.violations.map((one) => one.message)),
          );
      }),
    );
  });
});
