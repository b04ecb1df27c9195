import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { yamlOf } from '#src/document/write.js';

describe('what is written as YAML', () => {
  it.each([' \n', '  \n\n', ' \n ', '\n', 'a \n', '\t\n', ' a\n', '- a\n'])('reads back as it was: %j', (text) => {
    expect(parse(yamlOf({ text, list: [text] }))).toEqual({ text, list: [text] });
  });

  it('reads back as it was, whatever blanks and line breaks there are', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(' ', '\n', '\t', 'a', '#', ':'), maxLength: 6 }), (text) => {
        expect(parse(yamlOf({ text }))).toEqual({ text });
      }),
      { numRuns: 2_000 },
    );
  });

  it('has no line that was broken, and no anchors', () => {
    const shared = { of: 'x '.repeat(200).trim() };

    expect(yamlOf({ one: shared, other: shared }).split('\n')).toHaveLength(5);
  });
});
