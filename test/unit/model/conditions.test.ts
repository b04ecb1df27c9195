import { describe, expect, it } from 'vitest';
import { setConditions, type Verdict } from '../../../src/model/conditions.js';

const verdict = (status: Verdict['status'], reason = 'R'): Verdict => ({
  type: 'NodesReady',
  status,
  reason,
  message: 'm',
  advice: '',
});

describe('conditions', () => {
  it('keep since while the status stays, whatever else changes', () => {
    // Act
    const first = setConditions([], [verdict('False')], 't1', 't0');
    const second = setConditions(first, [verdict('False', 'Other')], 't2', 't2');
    const third = setConditions(second, [verdict('True')], 't3', 't2');
    // Assess
    expect([first, second, third].map(([one]) => one?.since)).toEqual(['t1', 't1', 't3']);
    expect(second[0]?.reason).toBe('Other');
    expect(third).toHaveLength(1);
    // When it was looked at: never before it changed.
    expect([first, second, third].map(([one]) => one?.lastChecked)).toEqual(['t1', 't2', 't3']);
  });

  it('are replaced as a whole by verdicts, in their order', () => {
    // Prepare
    const before = setConditions([], [verdict('True'), { ...verdict('True'), type: 'Gone' }], 't1', 't1');
    // Act
    const after = setConditions(before, [{ ...verdict('True'), type: 'New' }, verdict('True')], 't2', 't2');
    // Assess
    expect(after.map(({ type, since }) => [type, since])).toEqual([
      ['New', 't2'],
      ['NodesReady', 't1'],
    ]);
  });
});
