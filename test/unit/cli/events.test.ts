import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { missing } from '#src/cli/clusters/errors.js';
import { type EventsOptions, events } from '#src/cli/commands/events.js';
import type { Session } from '#src/cli/session.js';
import { event, FakeEvents } from './events.js';
import { captured } from './io.js';

const lost = event({ type: 'Warning', reason: 'InstanceLost', message: 'server-1: i-1 is gone', operation: null });

beforeEach(() => vi.useFakeTimers({ now: Date.parse('2026-03-01T12:01:00.000Z') }));
afterEach(() => {
  vi.useRealTimers();
});

/** Runs the verb against a cluster, which ends by the second look where it is watched. */
async function run(fake: FakeEvents, options: Partial<EventsOptions> = {}): Promise<string> {
  const { io, read } = captured();
  const clusters = Object.assign(fake, { requireOpen: () => Promise.resolve() });
  const session = { io, clusters: () => Promise.resolve(clusters) } as unknown as Session;
  const ended = events(session, 'shop', { watch: false, warnings: false, output: 'text', ...options });
  await vi.advanceTimersByTimeAsync(5_000);
  await ended;
  return read().stdout;
}

function shop(): FakeEvents {
  const fake = new FakeEvents();
  fake.list = [event(), lost];
  return fake;
}

/** Ends after one more event than those that were there. */
function ending(): FakeEvents {
  const fake = shop();
  fake.now = { ...fake.now, ended: 'COMPLETED' };
  const [first, all] = [fake.list, [...fake.list, event({ reason: 'Swept', message: 'sg-1\n and more' })]];
  fake.answer = () => Promise.resolve(fake.asked === 1 ? first : all);
  return fake;
}

describe('keelson events', () => {
  it('shows the events as a table', async () => {
    // Act
    const lines = (await run(shop())).trimEnd().split('\n');

    // Assess
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^LAST SEEN {3}TYPE {6}REASON +OPERATION +MESSAGE$/);
    expect(lines[1]).toMatch(/^1m +Normal +StepDone +op-1 +server-0: start K3s$/);
    expect(lines[2]).toMatch(/^1m +Warning +InstanceLost +- +server-1: i-1 is gone$/);
  });

  it.each([
    ['json', (text: string): unknown => JSON.parse(text)],
    ['yaml', (text: string): unknown => parse(text)],
  ] as const)('gives programs all of them as %s', async (output, read) => {
    expect(read(await run(shop(), { output }))).toEqual({ schemaVersion: 1, items: [event(), lost] });
  });

  it('shows only warnings where only they are wanted', async () => {
    expect(JSON.parse(await run(shop(), { output: 'json', warnings: true }))).toMatchObject({ items: [lost] });
  });

  it('says when there are none', async () => {
    expect(await run(new FakeEvents())).toBe('no events\n');
  });

  it('goes on with new ones, a line each, until the workflow ends', async () => {
    // Act
    const lines = (await run(ending(), { watch: true })).trimEnd().split('\n');

    // Assess
    expect(lines).toHaveLength(4);
    expect(new Set(lines.map((line) => line.search(/MESSAGE$|server-\d: |sg-1/))).size).toBe(1);
    // An age would not grow on the screen.
    expect(lines[0]).toMatch(/^TIME /);
    expect(lines[3]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +Normal +Swept +op-1 +sg-1 and more$/);
  });

  it('goes on with an object a line for programs, and leaves out what is not wanted', async () => {
    // Act
    const all = await run(ending(), { watch: true, output: 'json' });
    const warnings = await run(ending(), { watch: true, output: 'json', warnings: true });

    // Assess
    const reasons = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).reason);
    expect(reasons(all)).toEqual(['StepDone', 'InstanceLost', 'Swept']);
    expect(reasons(warnings)).toEqual(['InstanceLost']);
  });

  it('goes on with one YAML list', async () => {
    const read = parse(await run(ending(), { watch: true, output: 'yaml' }));
    expect(read).toMatchObject([{ reason: 'StepDone' }, { reason: 'InstanceLost' }, { reason: 'Swept' }]);
  });

  it('asks no one when there is no such cluster', async () => {
    // Prepare
    const fake = shop();
    const clusters = Object.assign(fake, { requireOpen: () => Promise.reject(missing('shop')) });
    const session = { io: captured().io, clusters: () => Promise.resolve(clusters) } as unknown as Session;

    // Act
    const asked = events(session, 'shop', { watch: true, warnings: false, output: 'text' });

    // Assess
    await expect(asked).rejects.toMatchObject({ exitCode: 3 });
    expect(fake.asked).toBe(0);
  });
});
