import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExecutionInfo } from '#src/cli/clusters/execution-info.js';
import { follow, type Source } from '#src/cli/wait/follow.js';
import type { StatusView } from '#src/model/status.js';
import { statusView } from './status.js';

const SINCE = { traceId: 't', specGeneration: 2 };
const execution = (part: Partial<ExecutionInfo> = {}): ExecutionInfo => ({
  ended: null,
  firstRunId: 'r',
  rests: false,
  historyLength: 10,
  unattended: false,
  taskAttempt: 0,
  ...part,
});
const heard = statusView({ specGeneration: 2 });

/** A cluster as it seems from outside; changed by the tests as time goes by. */
class Fake implements Source {
  asked = 0;
  now: ExecutionInfo = execution();
  file: StatusView | null = heard;
  answer: () => StatusView = () => statusView({ specGeneration: 2, phase: 'Stopped' });

  executionInfo = async (): Promise<ExecutionInfo> => this.now;
  stored = async (): Promise<StatusView | null> => this.file;
  refusal = async () => null;
  ask = async (): Promise<StatusView> => {
    this.asked += 1;
    return this.answer();
  };
}

let fake: Fake;
let stop: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  fake = new Fake();
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

/** What is seen in so many seconds. */
function observe(notes: unknown[] = []) {
  const seen: StatusView[] = [];
  const ended = (async () => {
    for await (const status of follow(fake, 'shop', SINCE, stop.signal, (why) => notes.push(why))) seen.push(status);
    return 'ended';
  })().catch((error: unknown) => error);
  return { seen, ended, pass: (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000) };
}

describe('who waits for a cluster', () => {
  it('reads the file for as long as it is at work, and asks no one', async () => {
    const { seen, pass } = observe();

    await pass(300);

    expect(seen.length).toBeGreaterThan(290);
    expect(fake.asked).toBe(0);
  });

  it.each([
    ['of before the request', { specGeneration: 1, observedGeneration: 1 }],
    [
      'of another life of the name, whatever it has observed',
      { traceId: 'old', specGeneration: 9, observedGeneration: 9 },
    ],
  ])('takes no status %s for the answer', async (_, part) => {
    fake.file = statusView(part);
    const { seen, pass } = observe();

    await pass(30);

    expect(seen).toEqual([]);
  });

  it('asks once when the work rests and the file did not tell the end', async () => {
    fake.file = null;
    fake.now = execution({ rests: true });
    const { seen, pass } = observe();

    await pass(120);

    expect(seen.map(({ phase }) => phase)).toEqual(['Stopped']);
    expect(fake.asked).toBe(1);
    fake.now = execution({ rests: true, historyLength: 20 });
    await pass(120);
    expect(fake.asked).toBe(2);
  });

  it('goes on without the file, and says so once', async () => {
    fake.stored = () => Promise.reject(new Error('no credentials'));
    fake.now = execution({ rests: true });
    const notes: unknown[] = [];
    const { seen, pass } = observe(notes);

    await pass(10);

    expect(notes).toHaveLength(1);
    expect(seen).toHaveLength(1);
  });

  it.each([['COMPLETED'], ['TERMINATED']])('sees what a workflow that is %s ended with, and no more', async (ended) => {
    fake.now = execution({ ended });
    const { seen, ended: end } = observe();

    expect(await end).toBe('ended');
    expect(seen.map(({ phase }) => phase)).toEqual(['Stopped']);
  });

  it('does not take another life of the name for this one', async () => {
    const { ended, pass } = observe();
    await pass(1);

    fake.now = execution({ firstRunId: 'another' });
    await pass(1);

    expect(await ended).toBe('ended');
  });

  it('gives up after a minute in which no worker took the work', async () => {
    fake.now = execution({ unattended: true });
    fake.answer = () => {
      throw Object.assign(new Error('deadline'), { code: 4, details: 'deadline', metadata: {} });
    };
    const { ended, pass } = observe();

    await pass(59);
    expect(fake.asked).toBe(0);
    await pass(5);

    expect(await ended).toMatchObject({ message: expect.any(String) });
    expect(fake.asked).toBe(1);
  });

  it('goes on when a worker answers that has much to do', async () => {
    fake.now = execution({ unattended: true });
    const { pass } = observe();

    await pass(150);

    expect(fake.asked).toBe(2);
  });

  it('names the way out when the workflow is stuck', async () => {
    fake.now = execution({ taskAttempt: 7 });
    const { ended, pass } = observe();

    await pass(65);

    expect(await ended).toMatchObject({
      hint: expect.stringContaining('temporal workflow terminate -w cluster/shop'),
    });
    expect(fake.asked).toBe(0);
  });
});
