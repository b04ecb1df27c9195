import { describe, expect, it } from 'vitest';
import { judge, judgeDelete, judgePause } from '#src/cli/wait/goal.js';
import { failure, operation, statusView, step } from './status.js';

describe('a wait', () => {
  it.each([
    {
      what: 'nothing is under way and the desired state was observed',
      status: statusView({ specGeneration: 2, observedGeneration: 2 }),
      kind: 'reached',
    },
    {
      what: 'a later desired state was observed',
      status: statusView({ specGeneration: 3, observedGeneration: 3 }),
      kind: 'reached',
    },
    {
      what: 'the desired state was not observed yet',
      status: statusView({ specGeneration: 2, observedGeneration: 1 }),
      kind: 'waiting',
    },
    {
      what: 'an operation is under way',
      status: statusView({ observedGeneration: 2, operation: operation() }),
      kind: 'waiting',
    },
    {
      what: 'the desired state was observed and repairs are held back',
      status: statusView({
        specGeneration: 2,
        observedGeneration: 2,
        lastError: failure({ code: 'RepairRateLimited' }),
      }),
      kind: 'failed',
    },
    {
      what: 'repairs were held back and the desired state was not observed yet',
      status: statusView({
        specGeneration: 2,
        observedGeneration: 1,
        lastError: failure({ code: 'RepairApprovalRequired' }),
      }),
      kind: 'waiting',
    },
    { what: 'the breaker is open', status: statusView({ phase: 'Failed', operation: operation() }), kind: 'failed' },
    { what: 'it is paused and rests', status: statusView({ paused: true, operation: operation() }), kind: 'failed' },
    {
      what: 'it is paused but finishes a step',
      status: statusView({ paused: true, operation: operation({ steps: [step()] }) }),
      kind: 'waiting',
    },
    {
      what: 'our operation was rolled back',
      status: statusView({ observedGeneration: 2, operations: [operation({ id: 'op-9', outcome: 'rolledBack' })] }),
      kind: 'failed',
    },
  ])('is $kind when $what', ({ status, kind }) => {
    expect(judge(status, 2, 'op-9').kind).toBe(kind);
  });

  it('that failed says what went wrong and what to do', () => {
    // Act
    const verdict = judge(statusView({ phase: 'Failed', lastError: failure() }), 2, null);

    // Assess
    expect(verdict).toMatchObject({
      kind: 'failed',
      error: {
        exitCode: 1,
        message: expect.stringMatching(/^shop failed: TypeNotOffered on server-0: t3\.huge/),
        hint: expect.stringMatching(/^choose a type that eu-west-1 offers/),
      },
    });
  });

  it('for what was rolled back says of what, though the cluster is healthy again', () => {
    // Prepare
    const steps = [step({ outcome: 'failed', error: failure() }), step({ outcome: 'done' })];
    const operations = [operation({ id: 'op-9', outcome: 'rolledBack', steps })];

    // Act
    const verdict = judge(statusView({ operations, lastError: null }), 2, 'op-9');

    // Assess
    expect(verdict).toMatchObject({
      error: { message: expect.stringMatching(/rolledBack: TypeNotOffered on server-0/) },
    });
  });

  it('for a pause ends when no step is under way', () => {
    expect(judgePause(statusView({ paused: true, operation: operation({ steps: [step()] }) })).kind).toBe('waiting');
    expect(
      judgePause(statusView({ paused: true, operation: operation({ steps: [step({ outcome: 'done' })] }) })).kind,
    ).toBe('reached');
  });

  it.each([
    { until: '2026-03-01T12:00:10.000Z', kind: 'waiting' },
    { until: '2026-03-01T12:10:00.000Z', kind: 'failed' },
    { until: null, kind: 'waiting' },
  ])('for a delete that tries again at $until is $kind at noon', ({ until, kind }) => {
    const waiting = { for: 'the next try of delete', since: '2026-03-01T12:00:00.000Z', until };
    const under = operation({ kind: 'delete' });
    const status = statusView({ phase: 'Deleting', waiting, operation: under, lastError: failure() });
    expect(judgeDelete(status, Date.parse('2026-03-01T12:00:00.000Z')).kind).toBe(kind);
  });

  it.each([
    { what: 'of no operation', of: null, under: operation({ kind: 'delete' }) },
    { what: 'of an operation before it', of: 'op-0', under: operation({ kind: 'delete' }) },
    { what: 'of a repair, before the delete has begun', of: 'op-1', under: operation({ kind: 'repair' }) },
    { what: 'of a repair that has ended, before the delete has begun', of: 'op-1', under: null },
  ])('for a delete is not ended by an error $what', ({ of, under }) => {
    const waiting = { for: 'a person', since: '2026-03-01T12:00:00.000Z', until: '2026-03-01T12:10:00.000Z' };
    const lastError = failure({ code: 'QuorumLost', operation: of });
    const status = statusView({ phase: 'Deleting', waiting, operation: under, lastError });
    expect(judgeDelete(status, Date.parse('2026-03-01T12:00:00.000Z')).kind).toBe('waiting');
  });
});
