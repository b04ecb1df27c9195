import { describe, expect, it } from 'vitest';
import { newsOf, type Told } from '#src/model/notify/news.js';
import { condition, failure, operation, statusView } from '../../cli/status.js';

const NOW = '2026-03-01T12:05:00.000Z';
const told: Told = { uid: 'u', health: 'Healthy', operations: ['op-0'], person: null };
const done = operation({ id: 'op-1', outcome: 'done', endedAt: '2026-03-01T12:04:00.000Z' });

describe('news of a cluster', () => {
  it('is each operation that has ended since, under an id that stays', () => {
    const status = statusView({ operations: [operation({ id: 'op-0', outcome: 'done' }), done] });
    const first = newsOf(status, told, NOW);
    expect(first.news).toMatchObject([
      {
        id: 'u/op-1/ended',
        type: 'io.keelson.operation.ended',
        time: '2026-03-01T12:04:00.000Z',
        data: { operation: { id: 'op-1', outcome: 'done' } },
      },
    ]);
    expect(newsOf(status, told, '2026-03-01T12:09:00.000Z').news[0]?.id).toBe('u/op-1/ended');
    expect(newsOf(status, first.told, NOW).news).toEqual([]);
  });

  it('is a change of health, with the cause; what is not known is waited for', () => {
    const conditions = [
      condition({ type: 'DisksFree', status: 'False', reason: 'Some', message: 'server-0: its disk is 93 % full' }),
    ];
    expect(newsOf(statusView({ health: 'Degraded', conditions }), told, NOW).news).toMatchObject([
      {
        type: 'io.keelson.health.changed',
        text: 'shop is Degraded (before: Healthy): server-0: its disk is 93 % full',
      },
    ]);
    const unknown = newsOf(statusView({ health: 'Unknown' }), told, NOW);
    expect(unknown.news).toEqual([]);
    expect(newsOf(statusView(), unknown.told, NOW).news).toEqual([]);
  });

  it('is once that a person is needed, with what the person can do', () => {
    const status = statusView({ phase: 'Failed', health: 'Unknown', operation: operation(), lastError: failure() });
    const { news, told: after } = newsOf(status, told, NOW);
    expect(news).toMatchObject([
      {
        id: 'u/person/op-1/TypeNotOffered',
        type: 'io.keelson.person.needed',
        data: { hints: [expect.stringContaining('eu-west-1'), expect.any(String)] },
      },
    ]);
    // The next try has failed alike.
    const again = { ...status, lastError: failure({ at: '2026-03-01T12:14:00.000Z', attempt: 2 }) };
    expect(newsOf(again, after, NOW).news).toEqual([]);
    expect(newsOf(statusView(), after, NOW).told.person).toBeNull();
  });

  it('is once that a drill has failed, and never that one went well', () => {
    const last = {
      ...{ ref: 'op-7', startedAt: '2026-03-01T12:00:00.000Z', endedAt: '2026-03-01T12:03:00.000Z' },
      ...{ backup: 'b', machineSeconds: 100, instanceType: 't3.medium', objects: 0 },
      problem: {
        code: 'SnapshotDamaged',
        message: 'it is cut, token=K10abcdef0123::server:hunter2',
        hint: 'another',
      },
    };
    const status = statusView({ drill: { asked: false, running: null, last } });
    const { news, told: after } = newsOf(status, told, NOW);
    expect(news).toMatchObject([
      { id: 'u/op-7/drill', type: 'io.keelson.drill.failed', time: '2026-03-01T12:03:00.000Z' },
    ]);
    expect(news[0]?.text).toContain('SnapshotDamaged: it is cut');
    expect(news[0]?.text).not.toContain('hunter2');
    expect(newsOf(status, after, NOW).news).toEqual([]);
    const well = statusView({ drill: { asked: false, running: null, last: { ...last, ref: 'op-8', problem: null } } });
    expect(newsOf(well, after, NOW).news).toEqual([]);
  });

  it('never holds a secret', () => {
    const lastError = failure({
      message: 'curl https://b/k?X-Amz-Signature=0123456789abcdef failed, token=K10abcdef0123::server:hunter2hunter2',
    });
    const text = JSON.stringify(newsOf(statusView({ phase: 'Failed', operation: operation(), lastError }), told, NOW));
    expect(text).not.toMatch(/0123456789abcdef|hunter2/);
  });

  it('of a cluster that runs for long when the worker begins to tell is what comes, not what was', () => {
    const old = operation({ id: 'op-9', outcome: 'done', endedAt: '2026-03-01T09:00:00.000Z' });
    expect(newsOf(statusView({ operations: [old, done] }), null, NOW).news.map(({ id }) => id)).toEqual([
      'u/op-1/ended',
      expect.stringMatching(/^u\/health\/Unknown-Healthy\//),
    ]);
  });

  it('of another life of the name begins again', () => {
    expect(newsOf(statusView({ uid: 'v', health: 'Unknown', operations: [done] }), told, NOW).news).toMatchObject([
      { id: 'v/op-1/ended' },
    ]);
  });
});
