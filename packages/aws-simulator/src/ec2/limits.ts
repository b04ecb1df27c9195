/**
 * EC2's throttling, per account and region: bucket size and refill a second by group of calls. [docs: EC2 API throttling]
 * Only on profile `aws`; fault plans with a `bucket` throttle anywhere.
 */
import { AwsError } from '../aws-error.js';
import { TokenBucket } from '../throttle.js';

const GROUPS = {
  launch: { size: 5, refill: 2 },
  /** Of instances that RunInstances asks for, beside its calls. */
  launched: { size: 1_000, refill: 2 },
  start: { size: 5, refill: 2 },
  terminate: { size: 100, refill: 5 },
  mutating: { size: 50, refill: 5 },
  describe: { size: 100, refill: 20 },
  unfiltered: { size: 50, refill: 10 },
} as const;

type Group = keyof typeof GROUPS;

export class Limits {
  private readonly buckets = new Map<string, TokenBucket>();

  /**
   * @param instances how many a launch asks for
   * @throws RequestLimitExceeded
   */
  check(region: string, action: string, isFiltered: boolean, instances = 0): void {
    this.take(region, groupOf(action, isFiltered), 1);
    if (instances > 0) this.take(region, 'launched', instances);
  }

  private take(region: string, group: Group, count: number): void {
    const { size, refill } = GROUPS[group];
    const bucket = this.buckets.get(`${region}/${group}`) ?? new TokenBucket(size, refill);
    this.buckets.set(`${region}/${group}`, bucket);
    if (!bucket.take(count)) throw new AwsError('RequestLimitExceeded', 503, 'Request limit exceeded.');
  }
}

function groupOf(action: string, isFiltered: boolean): Group {
  if (action === 'RunInstances') return 'launch';
  if (action === 'StartInstances') return 'start';
  if (action === 'TerminateInstances') return 'terminate';
  if (!action.startsWith('Describe')) return 'mutating';
  return action === 'DescribeInstances' && !isFiltered ? 'unfiltered' : 'describe';
}
