import { describe, expect, it } from 'vitest';
import { Limits } from '../../../../packages/aws-simulator/src/ec2/limits.js';

/** How many calls of a kind go through at once. */
function burst(action: string, isFiltered = true): number {
  const limits = new Limits();
  for (let calls = 0; ; calls++) {
    try {
      limits.check('eu-west-1', action, isFiltered);
    } catch (error) {
      expect(error).toMatchObject({ code: 'RequestLimitExceeded', status: 503 });
      return calls;
    }
  }
}

describe("EC2's throttling", () => {
  it.each([
    ['RunInstances', 5],
    ['StartInstances', 5],
    ['StopInstances', 50],
    ['CreateTags', 50],
    ['TerminateInstances', 100],
    ['DescribeInstances', 100],
  ])('lets a burst of %s through', (action, size) => {
    // A refill while the test runs may let one more through.
    expect(burst(action)).toBeGreaterThanOrEqual(size);
    expect(burst(action)).toBeLessThanOrEqual(size + 1);
  });

  it('lets less through of lists without a filter', () => {
    expect(burst('DescribeInstances', false)).toBeLessThan(60);
  });

  it('counts the instances of launches beside the calls', () => {
    const limits = new Limits();
    limits.check('eu-west-1', 'RunInstances', true, 600);
    expect(() => limits.check('eu-west-1', 'RunInstances', true, 600)).toThrow('Request limit exceeded.');
    expect(() => limits.check('eu-west-1', 'RunInstances', true, 300)).not.toThrow();
  });

  it('counts for each region separately', () => {
    const limits = new Limits();
    for (let calls = 0; calls < 5; calls++) limits.check('eu-west-1', 'RunInstances', true);
    expect(() => limits.check('us-east-1', 'RunInstances', true)).not.toThrow();
  });
});
