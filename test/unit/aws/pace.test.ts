import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CHANGES, createRateLimiter } from '#src/aws/rate-limiter.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Asks for turns of the given ranks and returns who went when, in milliseconds. */
function ask(pace: ReturnType<typeof createRateLimiter>, ranks: number[]): { rank: number; at: number }[] {
  const went: { rank: number; at: number }[] = [];
  for (const rank of ranks)
    void pace.turn('eu-west-1 RunInstances', { rank }).then(() => went.push({ rank, at: Date.now() - began }));
  return went;
}

let began = 0;
const pace = () => {
  began = Date.now();
  return createRateLimiter(() => Date.now());
};

describe('pace', () => {
  it('lets a burst of five go at once and two a second after it', async () => {
    const went = ask(
      pace(),
      Array.from({ length: 11 }, () => 1),
    );
    await vi.advanceTimersByTimeAsync(3_000);
    expect(went.map((one) => one.at)).toEqual([0, 0, 0, 0, 0, 500, 1000, 1500, 2000, 2500, 3000]);
  });

  it('prefers those that others wait for', async () => {
    const went = ask(pace(), [2, 2, 2, 2, 2, 2, 2, 0, 1]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(went.slice(5).map((one) => one.rank)).toEqual([0, 1, 2, 2]);
  });

  it('serves repairs before creates that have waited for longer', async () => {
    // Prepare
    const paced = pace();
    ask(paced, [1, 1, 1, 1, 1]);
    const went: string[] = [];
    const wait = (name: string, urgent: boolean) =>
      void paced.turn('eu-west-1 RunInstances', { rank: urgent ? 1 : 0, urgent }).then(() => went.push(name));
    // Act
    for (let call = 0; call < 4; call += 1) wait(`create-${call}`, false);
    for (let call = 0; call < 4; call += 1) wait(`repair-${call}`, true);
    await vi.advanceTimersByTimeAsync(4_000);
    // Assess
    expect(went).toEqual(
      ['repair', 'create'].flatMap((what) => Array.from({ length: 4 }, (_, call) => `${what}-${call}`)),
    );
  });

  it('gives creates a turn in ten while repairs never end', async () => {
    // Prepare
    const paced = pace();
    const went: string[] = [];
    const wait = (name: string, urgent: boolean) =>
      void paced.turn('eu-west-1 RunInstances', { rank: 1, urgent }).then(() => went.push(name));
    // Act
    for (let call = 0; call < 100; call += 1) wait('repair', true);
    for (let call = 0; call < 4; call += 1) wait('create', false);
    await vi.advanceTimersByTimeAsync(22_000);
    // Assess
    const places = went.flatMap((name, place) => (name === 'create' ? [place] : []));
    expect(places).toEqual([14, 24, 34, 44]);
  });

  it('gives no turn to who has gone', async () => {
    // Prepare
    const paced = pace();
    ask(paced, [1, 1, 1, 1, 1]);
    const went: string[] = [];
    const wait = (name: string, urgent: boolean, signal?: AbortSignal) =>
      void paced
        .turn('eu-west-1 RunInstances', { rank: 1, urgent, ...(signal && { signal }) })
        .then(() => went.push(name));
    const ends = new AbortController();
    for (let call = 0; call < 40; call += 1) wait('gone', call % 2 === 0, ends.signal);
    wait('repair', true);
    wait('create', false);
    // Act
    ends.abort();
    await vi.advanceTimersByTimeAsync(1_000);
    // Assess
    expect(went).toEqual(['repair', 'create']);
  });

  it('waits after a refusal, for the bucket is emptier than believed', async () => {
    const paced = pace();
    paced.refused('eu-west-1 RunInstances');
    const went = ask(paced, [1, 1]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(went.map((one) => one.at)).toEqual([500, 1000]);
  });

  it('lets fifty other changes go at once and five a second after them', async () => {
    const went: number[] = [];
    const paced = pace();
    for (let call = 0; call < 60; call += 1)
      void paced.turn('eu-west-1 changes', { rank: 1 }, CHANGES).then(() => went.push(Date.now() - began));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(went.filter((at) => at === 0).length).toBe(50);
    expect(went.slice(50)).toEqual([200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000]);
  });

  it('keeps regions apart', async () => {
    const paced = pace();
    const went = ask(paced, [1, 1, 1, 1, 1, 1]);
    let other = -1;
    void paced.turn('us-east-1 RunInstances', { rank: 9 }).then(() => {
      other = Date.now() - began;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(went.length).toBe(5);
    expect(other).toBe(0);
  });
});
