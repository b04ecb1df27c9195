import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '#src/model/spec/nearest.js';

describe('nearest', () => {
  it.each([
    ['regoin', 'region'],
    ['instancetype', 'instanceType'],
    ['pool', 'pools'],
    ['zzzzzz', null],
    ['x', null],
  ])('takes %s for %s', (word, expected) => {
    expect(nearest(word, ['region', 'mode', 'instanceType', 'pools'])).toBe(expected);
  });

  it('measures a distance', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });

  it('counts to a bound and no further', () => {
    const word = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, most) => {
        expect(editDistance(a, b, most)).toBe(Math.min(editDistance(a, b), most + 1));
      }),
      { numRuns: 500 },
    );
  });
});
