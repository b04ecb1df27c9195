import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/region/contract.js';
import { criticalPath } from '../../../src/region/critical-path.js';

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

  it('is empty when nothing was imposed', () => {
    expect(criticalPath([], ALL)).toEqual({ seconds: 0, chain: [] });
  });
});
