import { describe, expect, it } from 'vitest';
import { Gate } from '#src/aws/gate.js';

describe('a gate', () => {
  it('lets so many through at once, the others in their order, also after a failure', async () => {
    // Prepare
    const gate = new Gate(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const work = (id: number) => () =>
      new Promise<number>((resolve, reject) => {
        begun.push(id);
        ends[id] = () => (id === 0 ? reject(new Error('refused')) : resolve(id));
      });
    const settled = () => new Promise((resolve) => setImmediate(resolve));

    // Act
    const all = [0, 1, 2, 3].map((id) => gate.through(work(id)).catch((error: unknown) => String(error)));
    await settled();
    const atFirst = [...begun];
    ends[0]?.();
    await settled();
    const afterOne = [...begun];
    ends[1]?.();
    await settled();
    ends[2]?.();
    ends[3]?.();

    // Assess
    expect(atFirst).toEqual([0, 1]);
    expect(afterOne).toEqual([0, 1, 2]);
    expect(await Promise.all(all)).toEqual(['Error: refused', 1, 2, 3]);
    expect(await gate.through(async () => 'free again')).toBe('free again');
  });
});
