import { describe, expect, it } from 'vitest';
import { statusIn } from '#src/activities/status-input.js';
import type { StatusView } from '#src/model/status.js';
import { statusInput } from '#src/workflows/cluster/status/packed.js';

/** A status with a text of its own for each of so many nodes. */
const statusOf = (nodes: number, end = ''): StatusView => {
  const texts = Array.from({ length: nodes }, (_, index) => ({
    slot: `workers-${index}`,
    doing: `${index * 7_919}${end}`,
  }));
  return { name: 'shop – größer', nodes: texts } as unknown as StatusView;
};
const inputOf = (status: StatusView) => ({
  region: 'eu-west-1',
  cluster: 'shop',
  uid: 'u',
  operation: 'op-1',
  traceId: 't',
  write: 1,
  ...statusInput(status),
});

describe('the status on its way to the activity', () => {
  it('stays readable in the history while it is small', () => {
    const status = statusOf(50);
    expect(statusInput(status)).toEqual({ status });
    expect(statusIn(inputOf(status))).toEqual(status);
  });

  it.each(['', 'a', 'ab', 'abc'])('is deflated when it is large, whatever its length: %j', (end) => {
    const status = statusOf(3_000, end);
    const { packed, status: plain } = statusInput(status);
    expect(plain).toBeUndefined();
    expect((packed ?? '').length).toBeLessThan(JSON.stringify(status).length / 3);
    expect(statusIn(inputOf(status))).toEqual(status);
  });
});
