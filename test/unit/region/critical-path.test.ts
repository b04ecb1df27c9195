import { describe, expect, it } from 'vitest';
import type { Span } from '../../../packages/aws-simulator/src/contract.js';
import { criticalPath } from '../../../packages/aws-simulator/src/critical-path.js';

const ALL = { uids: null, since: 0, until: Number.POSITIVE_INFINITY };

function span(id: string, imposedMs: number, after: string[] = [], more: Partial<Span> = {}): Span {
  return { id, kind: id, instanceId: 'i-1', clusterUid: 'u-1', startedAt: 1, endedAt: 2, imposedMs, after, ...more };
}

describe('the critical path', () => {
  it('is the longest chain by what waited for what, not the longest latency', () => {
    const spans = [
      span('launch', 1_000),
      span('boot', 500, ['launch']),
      span('download', 3_000, ['boot']),
      span('agent', 1_000, ['boot']),
      span('found', 2_000, ['agent', 'download']),
      span('alone', 4_000),
    ];
    const { seconds, chain } = criticalPath(spans, ALL);
    expect(seconds).toBe(6.5);
    expect(chain.map(({ kind }) => kind)).toEqual(['launch', 'boot', 'download', 'found']);
  });

  it('counts only the cluster and the time that were asked for', () => {
    const spans = [
      span('old', 9_000),
      span('new', 1_000, ['old'], { startedAt: 100 }),
      span('other', 5_000, [], { startedAt: 100, clusterUid: 'u-2' }),
    ];
    const { seconds, chain } = criticalPath(spans, { uids: new Set(['u-1']), since: 50, until: 200 });
    expect(seconds).toBe(1);
    expect(chain.map(({ kind }) => kind)).toEqual(['new']);
  });

  /** A learner waits for a tick of the loop that began 3 s after its first server's start, and ticks every 15 s. */
  const promote = (id: string, tookMs: number, after: string[]) =>
    span(id, tookMs, after, { kind: 'promote', ticks: { of: 'found', offsetMs: 3_000, everyMs: 15_000 } });

  it('waits for a tick as long as it must, not as long as someone did who came late', () => {
    const boot = span('boot', 5_000);
    const found = span('found', 12_000, ['boot']);
    const join = span('join', 3_000, ['found']);
    // In time it is promoted 18 s after the start of the first server; it came so late that it was promoted at the tick after that.
    const { seconds, chain } = criticalPath([boot, found, join, promote('late', 14_000, ['join'])], ALL);
    expect(seconds).toBe(5 + 18);
    expect(chain.map(({ kind, ms }) => [kind, ms])).toEqual([
      ['boot', 5_000],
      ['found', 12_000],
      ['join', 3_000],
      ['promote', 3_000],
    ]);
  });

  it('has a whole interval between two that have to wait for each other', () => {
    const spans = [span('found', 12_000), span('join', 3_000, ['found']), span('join-2', 3_500, ['found'])];
    const two = [promote('first', 9_000, ['join']), promote('second', 15_000, ['join-2', 'first'])];
    // A learner that comes at the very moment of a tick is a voter by the next one.
    expect(criticalPath([...spans, ...two], ALL).seconds).toBe(33);
  });

  it('takes what was imposed where the clock began before the time that is asked for', () => {
    const query = { ...ALL, since: 100 };
    const spans = [
      span('found', 12_000),
      span('join', 3_000, [], { startedAt: 200 }),
      { ...promote('first', 7_000, ['join']), startedAt: 201 },
    ];
    expect(criticalPath(spans, query).seconds).toBe(10);
  });

  it('is empty when nothing was imposed', () => {
    expect(criticalPath([], ALL)).toEqual({ seconds: 0, chain: [] });
  });
});
