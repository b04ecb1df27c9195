import { ListCommandInvocationsCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RunningCommands } from '#src/aws/running-commands.js';
import { awsError } from '../activities/support.js';

const ssm = mockClient(SSMClient);
const make = () => new RunningCommands({ ssm: ssm as unknown as SSMClient });
const row = (n: number) => ({ CommandId: `cmd-${n}`, InstanceId: `i-${n}` });
const lists = () => ssm.commandCalls(ListCommandInvocationsCommand).map((call) => call.args[0].input);
/** As many wait as are worth a list. */
function waiting(count: number): RunningCommands {
  const running = make();
  for (let n = 0; n < count; n += 1) running.waits(`cmd-${n}`);
  vi.advanceTimersByTime(1_500);
  return running;
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-30T09:59:59.000Z') });
});
afterEach(() => {
  vi.useRealTimers();
  ssm.reset();
});

describe('the commands that run on', () => {
  test('are named by one list for all that wait, page by page', async () => {
    ssm
      .on(ListCommandInvocationsCommand)
      .resolvesOnce({ CommandInvocations: [row(0), row(1)], NextToken: 'more' })
      .resolves({ CommandInvocations: [row(2)] });
    const running = waiting(30);

    const seen = await Promise.all([0, 1, 2, 3].map((n) => running.includes(`cmd-${n}`, `i-${n}`)));

    expect(seen).toEqual([true, true, true, false]);
    expect(lists()).toHaveLength(2);
    expect(lists()[0]?.Filters).toEqual([
      { key: 'Status', value: 'InProgress' },
      { key: 'InvokedAfter', value: '2026-11-30T09:58:59Z' },
    ]);
    expect(lists()[1]?.NextToken).toBe('more');
  });

  test('are not asked for right after they were sent', async () => {
    const running = waiting(30);
    running.waits('cmd-late');

    expect(await running.includes('cmd-late', 'i-late')).toBe(true);

    expect(lists()).toEqual([]);
  });

  test('are not listed where few wait, so that each end is noticed as soon as before', async () => {
    const running = waiting(30);
    for (let n = 5; n < 30; n += 1) running.ended(`cmd-${n}`);

    expect(await running.includes('cmd-0', 'i-0')).toBe(false);

    expect(lists()).toEqual([]);
  });

  test('are listed again for who asks after a list was begun, the later the more calls it takes', async () => {
    ssm
      .on(ListCommandInvocationsCommand)
      .resolvesOnce({ CommandInvocations: [row(0)], NextToken: 'more' })
      .resolvesOnce({ CommandInvocations: [] })
      .resolves({ CommandInvocations: [] });
    const running = waiting(30);
    await running.includes('cmd-0', 'i-0');
    const calls: number[] = [];
    const passing = async (ms: number): Promise<void> => {
      await vi.advanceTimersByTimeAsync(ms);
      calls.push(lists().length);
    };

    const second = running.includes('cmd-0', 'i-0');
    await passing(249);
    await passing(1);
    const third = running.includes('cmd-0', 'i-0');
    await passing(499);
    await passing(1);

    expect(calls).toEqual([2, 3, 3, 4]);
    expect(await Promise.all([second, third])).toEqual([false, false]);
  });

  test('are listed again also when the time of day has been set back', async () => {
    // Prepare
    ssm.on(ListCommandInvocationsCommand).resolves({ CommandInvocations: [row(0)] });
    const running = waiting(30);
    await running.includes('cmd-0', 'i-0');
    // Act
    vi.setSystemTime(Date.now() - 3_600_000);
    const second = running.includes('cmd-0', 'i-0');
    await vi.advanceTimersByTimeAsync(250);
    // Assess
    expect(lists()).toHaveLength(2);
    expect(await second).toBe(true);
  });

  test('are asked for one by one when the list cannot be had, which the caller of each then hears', async () => {
    ssm.on(ListCommandInvocationsCommand).rejects(awsError('AccessDeniedException'));
    const running = waiting(30);

    const seen = [await running.includes('cmd-0', 'i-0'), await running.includes('cmd-0', 'i-0')];

    expect(seen).toEqual([false, false]);
    expect(lists()).toHaveLength(1);
  });
});
