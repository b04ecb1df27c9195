import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { followEvents } from '#src/cli/wait/follow-events.js';
import type { ClusterEvent } from '#src/model/state.js';
import { event, FakeEvents } from './events.js';

const said = (message: string) => event({ message });
const unreachable = () => Object.assign(new Error('away'), { code: 14, details: 'away', metadata: {} });

let fake: FakeEvents;
let stop: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  fake = new FakeEvents();
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

/** What is told in so many seconds. */
function watch(known: readonly ClusterEvent[] = fake.list) {
  const seen: string[] = [];
  const ended = (async () => {
    for await (const { message } of followEvents(fake, 'shop', known, stop.signal)) seen.push(message);
    return 'ended';
  })().catch((error: unknown) => error);
  return { seen, ended, pass: (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000) };
}

describe('who watches the events of a cluster', () => {
  it('is given each new one once, in their order', async () => {
    // Prepare
    fake.list = [said('a'), said('b')];
    const { seen, pass } = watch();

    // Act
    await pass(10);
    fake.happen(said('c'), said('d'));
    await pass(10);
    fake.happen(said('e'));
    await pass(10);

    // Assess
    expect(seen).toEqual(['c', 'd', 'e']);
  });

  it('is given the new ones also when the old ones have been dropped, some or all', async () => {
    // Prepare
    const many = (from: number) => Array.from({ length: 100 }, (_, index) => said(`${from + index}`));
    fake.list = many(0);
    const { seen, pass } = watch();

    // Act
    fake.happen(...many(100).slice(0, 3));
    await pass(4);
    fake.happen(...many(200));
    await pass(4);

    // Assess
    expect(seen.slice(0, 3)).toEqual(['100', '101', '102']);
    expect(seen).toHaveLength(103);
  });

  it('prints what happens twice in the same way', async () => {
    // Prepare
    fake.list = [said('a'), said('a')];
    const { seen, pass } = watch();

    // Act
    fake.happen(said('a'));
    await pass(4);

    // Assess
    expect(seen).toEqual(['a']);
  });

  it('asks a workflow that rests once, however long it rests', async () => {
    // Act
    await watch().pass(600);

    // Assess
    expect(fake.asked).toBe(1);
  });

  it('does not ask while a workflow task is under way: its worker may be dying', async () => {
    // Prepare
    const { seen, pass } = watch();
    fake.happen(said('a'));
    fake.now = { ...fake.now, taskAttempt: 1 };

    // Act
    await pass(30);
    const asked = fake.asked;
    fake.now = { ...fake.now, taskAttempt: 0 };
    await pass(4);

    // Assess
    expect(asked).toBe(0);
    expect(seen).toEqual(['a']);
  });

  it('is given what the workflow ended with, and no more', async () => {
    // Prepare
    const { seen, ended, pass } = watch();
    await pass(4);

    // Act
    fake.happen(said('gone'));
    fake.now = { ...fake.now, ended: 'COMPLETED' };
    await pass(4);

    // Assess
    expect(await ended).toBe('ended');
    expect(seen).toEqual(['gone']);
  });

  it('does not take another life of the name for this one', async () => {
    // Prepare
    const { seen, ended, pass } = watch();
    await pass(4);

    // Act
    fake.happen(said('of the other'));
    fake.now = { ...fake.now, firstRunId: 'another' };
    await pass(4);

    // Assess
    expect(await ended).toBe('ended');
    expect(seen).toEqual([]);
  });

  it('stops at once at Ctrl-C, also while an answer is awaited', async () => {
    // Prepare
    fake.answer = () => new Promise(() => undefined);
    const { ended, pass } = watch();
    await pass(2);

    // Act
    stop.abort();

    // Assess
    expect(await ended).toBe('ended');
    expect(fake.asked).toBe(1);
  });

  it('goes on after a server that was away for less than a minute', async () => {
    // Prepare
    const { seen, pass } = watch();
    fake.answer = () => Promise.reject(unreachable());
    fake.happen(said('a'));

    // Act
    await pass(40);
    fake.answer = async () => fake.list;
    await pass(4);

    // Assess
    expect(seen).toEqual(['a']);
  });

  it('ends when no one could be asked for a minute', async () => {
    // Prepare
    const { ended, pass } = watch();
    fake.answer = () => Promise.reject(unreachable());
    fake.happen(said('a'));

    // Act
    await pass(70);

    // Assess
    expect(await ended).toMatchObject({ code: 14 });
  });

  it('ends with the way out when the workflow is stuck', async () => {
    // Prepare
    const { ended, pass } = watch();
    fake.now = { ...fake.now, taskAttempt: 7 };

    // Act
    await pass(70);

    // Assess
    expect(await ended).toMatchObject({ hint: expect.stringContaining('temporal workflow terminate') });
    expect(fake.asked).toBe(0);
  });
});
