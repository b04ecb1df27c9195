import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepHeapLean } from '#src/worker/lean-heap.js';

const MIB = 1_024 * 1_024;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('the heap of a worker', () => {
  it('grows by half while it is small, and as V8 wants while it is large', () => {
    // Prepare
    const flags: string[] = [];
    let rss = 300 * MIB;

    // Act
    const end = keepHeapLean(
      () => rss,
      (flag) => void flags.push(flag),
    );
    vi.advanceTimersByTime(60_000);
    rss = 3_000 * MIB;
    vi.advanceTimersByTime(60_000);
    rss = 500 * MIB;
    vi.advanceTimersByTime(60_000);
    end();
    rss = 3_000 * MIB;
    vi.advanceTimersByTime(60_000);

    // Assess
    expect(flags).toEqual(['--heap-growing-percent=50', '--heap-growing-percent=0', '--heap-growing-percent=50']);
  });

  it('has a flag for it that V8 knows', () => {
    const { stderr, status } = spawnSync(process.execPath, ['--heap-growing-percent=50', '-e', ''], {
      encoding: 'utf8',
    });

    expect([stderr, status]).toEqual(['', 0]);
  });
});
