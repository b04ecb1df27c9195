import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesWith, batchName, divide, slotInTag, slotsOfBatch } from '#src/model/launch-batch.js';

const indexes = fc.uniqueArray(fc.nat(600), { minLength: 1, maxLength: 200 });

describe('slots that are launched together', () => {
  it.each([
    [[0, 3, 6, 9], 50, ['4 workers-0+3']],
    [[9, 0, 6, 3], 50, ['4 workers-0+3']],
    [[0, 1, 2, 3, 4], 2, ['2 workers-0+1', '2 workers-2+1', '1 workers-4+1']],
    [[0, 1, 5, 9], 50, ['2 workers-0+1', '2 workers-5+4']],
    [[0, 17], 50, ['1 workers-0+1', '1 workers-17+1']],
    [[7], 50, ['1 workers-7+1']],
  ])('%j, at most %i: %j', (slots, most, expected) => {
    expect(divide('workers', slots, most).map((batch) => `${batch.count} ${batchName(batch)}`)).toEqual(expected);
  });

  it('are each in one batch, and no batch is larger than allowed', () =>
    fc.assert(
      fc.property(indexes, fc.integer({ min: 1, max: 50 }), (slots, most) => {
        const batches = divide('a-b-1', slots, most);
        expect(batches.flatMap(slotsOfBatch).sort()).toEqual(slots.map((index) => `a-b-1-${index}`).sort());
        expect(Math.max(...batches.map(({ count }) => count))).toBeLessThanOrEqual(most);
      }),
    ));

  it('are told by the name of the batch and the launch index, in both directions', () =>
    fc.assert(
      fc.property(indexes, fc.integer({ min: 1, max: 50 }), (slots, most) => {
        for (const batch of divide('a-b-1', slots, most))
          for (const [index, slot] of slotsOfBatch(batch).entries()) {
            expect(slotInTag(batchName(batch), index)).toBe(slot);
            expect(batchesWith(slot, index)).toContain(batchName(batch));
          }
      }),
    ));

  it('are in no other batch of the same index under the name of another slot', () => {
    // The name that the token seals: whatever slot a tag claims, only one has it among its batches.
    const sealed = 'workers-0+3';
    const claims = Array.from({ length: 100 }, (_, slot) => `workers-${slot}`);
    for (const index of [0, 1, 5])
      expect(claims.filter((slot) => batchesWith(slot, index).includes(sealed))).toEqual([`workers-${index * 3}`]);
  });

  it.each(['workers-7', 'server-0', 'drill', ''])('leave another tag as it is: "%s"', (tag) => {
    expect(slotInTag(tag, 2)).toBe(tag);
  });
});
