import { describe, expect, it } from 'vitest';
import { TtlCache } from '#src/aws/ttl-cache.js';

describe('a shared answer', () => {
  it('is asked for once by those who ask together, and for some seconds', async () => {
    // Prepare
    let now = 0;
    let asked = 0;
    const shared = new TtlCache(() => now);
    const ask = () => shared.ask('subnets', async () => ++asked);

    // Act
    const together = await Promise.all([ask(), ask(), ask()]);
    now = 14_000;
    const soon = await ask();
    now = 16_000;
    const late = await ask();

    // Assess
    expect([...together, soon, late]).toEqual([1, 1, 1, 1, 2]);
  });

  it('is one for each question', async () => {
    const shared = new TtlCache();
    const ask = (key: string) => shared.ask(key, async () => key);

    expect(await Promise.all([ask('a'), ask('b')])).toEqual(['a', 'b']);
  });

  it('is forgotten when it is a failure, which all who wait for it hear', async () => {
    // Prepare
    const shared = new TtlCache();
    let asked = 0;
    const ask = () =>
      shared.ask('subnets', async () => {
        asked += 1;
        if (asked === 1) throw new Error('refused');
        return asked;
      });

    // Act
    const first = await Promise.allSettled([ask(), ask()]);
    const next = await ask();

    // Assess
    expect(first.map((one) => one.status)).toEqual(['rejected', 'rejected']);
    expect(next).toBe(2);
  });
});
