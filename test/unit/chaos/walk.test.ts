import { describe, expect, it } from 'vitest';
import { parsePath, pathText, shortest } from '../../chaos/walk/shortest.js';
import { drawSteps, type Step } from '../../chaos/walk/steps.js';

const steps = (count: number): Step[] => Array.from({ length: count }, () => ({ act: { kind: 'kill' }, thenMs: 0 }));

describe('a random walk', () => {
  it('is the same for the same seed', () => {
    expect(drawSteps(7, 100)).toEqual(drawSteps(7, 100));
    expect(drawSteps(7, 100)).not.toEqual(drawSteps(8, 100));
    expect(drawSteps(7, 100)).toHaveLength(100);
  });

  it('is made as short as it fails', async () => {
    const needs = [3, 17, 40];
    const found = await shortest(steps(100), 60, 1_000, async (path) => needs.every((one) => path.includes(one)));
    expect(found.path).toEqual(needs);
    expect(found.runs).toBeLessThan(60);
  });

  it('is not searched for longer than it may', async () => {
    const found = await shortest(steps(100), 60, 0, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return true;
    });
    expect(found.runs).toBeLessThanOrEqual(1);
  });

  it('is reported by its places', () => {
    const path = [0, 1, 2, 3, 7, 9, 10];
    expect(pathText(path)).toBe('0-3,7,9-10');
    expect(parsePath('0-3,7,9-10')).toEqual(path);
    expect(() => parsePath('0-3;7')).toThrow(/no place of a walk/);
  });
});
