import { describe, expect, it } from 'vitest';
import { countHeartbeats, countItems } from '../../../packages/local-stack/src/evidence.js';

describe('evidence', () => {
  it.each([
    { value: [], count: 0 },
    { value: ['a', 'b'], count: 2 },
    { value: { instances: ['i-1'], volumes: [], keys: ['x', 'y'] }, count: 3 },
    { value: null, count: 0 },
  ])('counts $count items in $value', ({ value, count }) => {
    expect(countItems(value)).toBe(count);
  });

  it('sums the heartbeats of all label sets', () => {
    const metrics = [
      '# TYPE temporal_request_total counter',
      'temporal_request_total{operation="RecordActivityTaskHeartbeat",namespace="default"} 12',
      'temporal_request_total{operation="RecordActivityTaskHeartbeat",namespace="other"} 3',
      'temporal_request_total{operation="PollWorkflowTaskQueue"} 100',
      'temporal_long_request_total{operation="RecordActivityTaskHeartbeat"} 7',
    ].join('\n');
    expect(countHeartbeats(metrics)).toBe(15);
  });
});
