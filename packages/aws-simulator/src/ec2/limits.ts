/**
 * EC2's throttling, per account and region: bucket size and refill a second by group of calls. [docs: EC2 API throttling]
 * Only on profile `aws`; fault plans with a `bucket` throttle anywhere.
 */
import { AwsError } from '../aws-error.js';
import { TokenBucket } from '../throttle.js';

const GROUPS = {
  launch: { size: 5, refill: 2 },
  start: { size: 5, refill: 2 },
  terminate: { size: 100, refill: 5 },
  mutating: { size: 50, refill: 5 },
  describe: { size: 100, refill: 20 },
  unfiltered: { size: 50, refill: 10 },
} as const;

type Group = keyof typeof GROUPS;

export class Limits {
  private readonly buckets = new Map<string, TokenBucket>();

  /** @throws RequestLimitExceeded */
  check(region: string, action: string, isFiltered: boolean): void {
    const group = groupOf(action, isFiltered);
    const { size, refill } = GROUPS[group];
    const bucket = this.buckets.get(`${region}/${group}`) ?? new TokenBucket(size, refill);
    this.buckets.set(`${region}/${group}`, bucket);
    if (!bucket.take()) throw new AwsError('RequestLimitExceeded', 503, 'Request limit exceeded.');
  }
}

function groupOf(action: string, isFiltered: boolean): Group {
  if (action === 'RunInstances') return 'launch';
  if (action === 'StartInstances') return 'start';
  if (action === 'TerminateInstances') return 'terminate';
  if (!action.startsWith('Describe')) return 'mutating';
  return action === 'DescribeInstances' && !isFiltered ? 'unfiltered' : 'describe';
}
