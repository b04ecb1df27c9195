import { describe, expect, it } from 'vitest';
import { Limits, LONGEST_MS, STILL_MS } from '../../chaos/support/progress.js';

const START = Date.parse('2026-11-30T00:00:00Z');

describe('the limits of an operation of the campaign', () => {
  it('let one go on that brings about something new again and again, however slowly', () => {
    const limits = new Limits(START);
    const steps = [0, 1, 2, 3, 4].map((step) => limits.exceeded(`step ${step}`, START + step * (STILL_MS - 1)));
    expect(steps).toEqual([null, null, null, null, null]);
  });

  it('end one that stands still', () => {
    const limits = new Limits(START);
    limits.exceeded('step 1', START + 5_000);
    expect(limits.exceeded('step 1', START + 5_000 + STILL_MS)).toBeNull();
    expect(limits.exceeded('step 1', START + 5_001 + STILL_MS)).toBe('nothing has changed for 240 s');
  });

  it('end one that moves in circles', () => {
    const limits = new Limits(START);
    let why: string | null = null;
    for (let now = START; why === null && now <= START + 2 * LONGEST_MS; now += 60_000)
      why = limits.exceeded(`launch ${now % 2}, ${now}`, now);
    expect(why).toBe('it has gone on for 30 minutes');
  });
});
