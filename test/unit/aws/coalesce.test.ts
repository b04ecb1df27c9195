import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BatchLoader } from '#src/aws/batch-loader.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const answers = (ids: string[]) => Promise.resolve(new Map(ids.map((id) => [id, `seen ${id}`])));

describe('a coalescing reader', () => {
  test('asks once for all who wait, in chunks, each id once', async () => {
    const read = vi.fn(answers);
    const reader = new BatchLoader({ read, chunk: 2 });

    const seen = Promise.all(['a', 'b', 'c', 'a'].map((id) => reader.next(id)));
    await vi.advanceTimersByTimeAsync(0);

    expect(await seen).toEqual(['seen a', 'seen b', 'seen c', 'seen a']);
    expect(read.mock.calls).toEqual([[['a', 'b']], [['c']]]);
  });

  test('answers from a call that began after the question', async () => {
    const { promise, resolve } = withResolvers();
    const read = vi.fn<(ids: string[]) => Promise<Map<string, string>>>();
    read.mockReturnValueOnce(promise).mockImplementation(answers);
    const reader = new BatchLoader({ read, chunk: 10 });
    const early = reader.next('a');
    await vi.advanceTimersByTimeAsync(0);

    const late = reader.next('a');
    resolve(new Map([['a', 'old']]));
    await vi.advanceTimersByTimeAsync(500);

    expect(await early).toBe('old');
    expect(await late).toBe('seen a');
  });

  test('goes on when the time of day is set back', async () => {
    // Prepare
    const read = vi.fn(answers);
    const reader = new BatchLoader({ read, chunk: 10 });
    await Promise.all([reader.next('a'), vi.advanceTimersByTimeAsync(0)]);
    // Act
    vi.setSystemTime(Date.now() - 3_600_000);
    const again = reader.next('a');
    await vi.advanceTimersByTimeAsync(500);
    // Assess
    expect(read).toHaveBeenCalledTimes(2);
    expect(await again).toBe('seen a');
  });

  test('leaves a tick between two rounds, longer when a round takes several calls', async () => {
    const read = vi.fn(answers);
    const reader = new BatchLoader({ read, chunk: 1, tick: 500, maxTick: 2_000 });
    const ask = () => Promise.all(['a', 'b', 'c'].map((id) => reader.next(id)));
    await Promise.all([ask(), vi.advanceTimersByTimeAsync(0)]);

    const second = ask();
    await vi.advanceTimersByTimeAsync(1_400);
    const soon = read.mock.calls.length;
    await vi.advanceTimersByTimeAsync(100);
    await second;

    expect(soon).toBe(3);
    expect(read.mock.calls.length).toBe(6);
  });

  test('slows down while AWS throttles, and recovers', async () => {
    const read = vi.fn(answers).mockRejectedValueOnce(new Error('slow down'));
    const reader = new BatchLoader({ read, chunk: 10, tick: 500, slowDown: () => true });
    await Promise.all([expect(reader.next('a')).rejects.toThrow('slow down'), vi.advanceTimersByTimeAsync(0)]);

    const second = reader.next('a');
    await vi.advanceTimersByTimeAsync(900);
    const soon = read.mock.calls.length;
    await vi.advanceTimersByTimeAsync(100);
    await second;
    const third = reader.next('a');
    await vi.advanceTimersByTimeAsync(500);

    expect(soon).toBe(1);
    expect(await third).toBe('seen a');
  });

  test('an id that AWS does not know is undefined, and an error reaches only its own chunk', async () => {
    const read = (ids: string[]) =>
      ids.includes('bad') ? Promise.reject(new Error('refused')) : Promise.resolve(new Map<string, string>());
    const reader = new BatchLoader({ read, chunk: 1 });

    const seen = Promise.allSettled([reader.next('bad'), reader.next('unknown')]);
    await vi.advanceTimersByTimeAsync(0);

    expect(await seen).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: undefined }]);
  });
});

function withResolvers() {
  let resolve!: (value: Map<string, string>) => void;
  const promise = new Promise<Map<string, string>>((yes) => {
    resolve = yes;
  });
  return { promise, resolve };
}
