import { describe, expect, it } from 'vitest';
import { type ConditionResult, setConditions } from '#src/model/conditions.js';

const result = (status: ConditionResult['status'], reason = 'R'): ConditionResult => ({
  type: 'NodesReady',
  status,
  reason,
  message: 'm',
  hint: '',
});

describe('conditions', () => {
  it('keep since while the status stays, whatever else changes', () => {
    // Act
    const first = setConditions([], [result('False')], 't1', 't0');
    const second = setConditions(first, [result('False', 'Other')], 't2', 't2');
    const third = setConditions(second, [result('True')], 't3', 't2');
    // Assess
    expect([first, second, third].map(([one]) => one?.since)).toEqual(['t1', 't1', 't3']);
    expect(second[0]?.reason).toBe('Other');
    expect(third).toHaveLength(1);
    // When it was looked at: never before it changed.
    expect([first, second, third].map(([one]) => one?.lastProbeTime)).toEqual(['t1', 't2', 't3']);
  });

  it('are replaced as a whole by verdicts, in their order', () => {
    // Prepare
    const before = setConditions([], [result('True'), { ...result('True'), type: 'Gone' }], 't1', 't1');
    // Act
    const after = setConditions(before, [{ ...result('True'), type: 'New' }, result('True')], 't2', 't2');
    // Assess
    expect(after.map(({ type, since }) => [type, since])).toEqual([
      ['New', 't2'],
      ['NodesReady', 't1'],
    ]);
  });
});
