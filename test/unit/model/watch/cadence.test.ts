import { describe, expect, it } from 'vitest';
import { LONGEST_MS, nextInterval, SHORTEST_MS } from '#src/model/watch/cadence.js';

const quick = { calls: 6, ms: 300, throttled: false };

describe('the pace of the region watch', () => {
  it('is quick for a region that is seen in a few calls', () => {
    expect(nextInterval(SHORTEST_MS, quick)).toBe(SHORTEST_MS);
  });

  it.each([
    ['many calls', { ...quick, calls: 40 }, 40_000],
    ['slow answers', { ...quick, ms: 5_000 }, 25_000],
    ['very many calls', { ...quick, calls: 400 }, LONGEST_MS],
  ])('is slower for %s', (_, effort, expected) => {
    expect(nextInterval(SHORTEST_MS, effort)).toBe(expected);
  });

  it('doubles while AWS refuses, never beyond the longest, and comes back step by step', () => {
    const refused = { ...quick, throttled: true };
    const paces = [SHORTEST_MS];
    for (const effort of [refused, refused, refused, quick, quick, quick])
      paces.push(nextInterval(paces.at(-1) ?? SHORTEST_MS, effort));
    expect(paces).toEqual([15_000, 30_000, 40_000, 40_000, 20_000, 15_000, 15_000]);
  });
});
