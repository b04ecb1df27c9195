import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inTurn } from '#src/workflows/cluster/in-turn.js';

/** Chains of the given lengths, each sending two commands; resolved together or one activation after the other. */
async function commandsOf(depths: readonly number[], together: boolean): Promise<string[]> {
  const sent: string[] = [];
  const resolvers: (() => void)[] = [];
  const chains = depths.map(async (depth, index) => {
    await inTurn(new Promise<void>((resolve) => resolvers.push(resolve)));
    for (let tick = 0; tick < depth; tick += 1) await Promise.resolve();
    sent.push(`${index} first`);
    for (let tick = 0; tick < depth; tick += 1) await Promise.resolve();
    sent.push(`${index} second`);
  });
  for (const resolve of resolvers) {
    resolve();
    // A macrotask later all microtasks have run: the end of an activation.
    if (!together) await new Promise((next) => setImmediate(next));
  }
  await Promise.all(chains);
  await new Promise((next) => setImmediate(next));
  return sent;
}

describe('inTurn', () => {
  it('sends the same commands in the same order, whether results come together or one by one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(25), { minLength: 1, maxLength: 6 }), async (depths) => {
        const together = await commandsOf(depths, true);
        const apart = await commandsOf(depths, false);
        expect(together).toEqual(apart);
        expect(together).toEqual(depths.flatMap((_, index) => [`${index} first`, `${index} second`]));
      }),
      { numRuns: 50 },
    );
  });

  it('passes a failure on, in its turn', async () => {
    await expect(inTurn(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
