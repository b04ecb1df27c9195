/** What a bucket of EC2 holds, and how fast it fills again. */
interface Rate {
  burst: number;
  perSecond: number;
}

/** RunInstances and StartInstances, each for itself, in an account and region. [docs: EC2 API throttling] */
const LAUNCHES: Rate = { burst: 5, perSecond: 2 };
/** Other changes. [docs: the same] */
export const CHANGES: Rate = { burst: 50, perSecond: 5 };

/**
 * Makes calls take turns. EC2 allows few at once and few a second for an account and region, and the back-off of a refused call costs more than its turn would have. Calls that others wait for go first. The use by
 * others in the account is unknown: a refusal empties the bucket.
 */
export interface RateLimiter {
  /**
   * Resolves when it is the caller's turn.
   *
   * @param rank lower goes first, then the order of asking
   * @param rate of the bucket, the same each time; that of launches if absent
   */
  turn(key: string, rank: number, rate?: Rate): Promise<void>;
  /** AWS has refused: someone else has used the tokens that the bucket seemed to have. */
  refused(key: string): void;
}

interface Waiter {
  rank: number;
  go: () => void;
}

interface Bucket {
  rate: Rate;
  tokens: number;
  at: number;
  waiting: Waiter[];
  timer: NodeJS.Timeout | null;
}

/** @param now milliseconds, for tests */
export function createRateLimiter(now: () => number = () => performance.now()): RateLimiter {
  const buckets = new Map<string, Bucket>();

  const bucketOf = (key: string, rate = LAUNCHES): Bucket => {
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      bucket = { rate, tokens: rate.burst, at: now(), waiting: [], timer: null };
      buckets.set(key, bucket);
    }
    return bucket;
  };

  const refill = (bucket: Bucket): void => {
    const time = now();
    const { burst, perSecond } = bucket.rate;
    bucket.tokens = Math.min(burst, bucket.tokens + ((time - bucket.at) / 1_000) * perSecond);
    bucket.at = time;
  };

  const serve = (bucket: Bucket): void => {
    refill(bucket);
    while (bucket.tokens >= 1 && bucket.waiting.length > 0) {
      bucket.tokens -= 1;
      bucket.waiting.shift()?.go();
    }
    if (bucket.waiting.length === 0 || bucket.timer !== null) return;
    const ms = Math.ceil(((1 - bucket.tokens) / bucket.rate.perSecond) * 1_000);
    bucket.timer = setTimeout(() => {
      bucket.timer = null;
      serve(bucket);
    }, ms);
  };

  return {
    turn: (key, rank, rate) =>
      new Promise((go) => {
        const bucket = bucketOf(key, rate);
        const place = bucket.waiting.findIndex((other) => other.rank > rank);
        bucket.waiting.splice(place < 0 ? bucket.waiting.length : place, 0, { rank, go });
        serve(bucket);
      }),
    refused(key) {
      const bucket = bucketOf(key);
      refill(bucket);
      bucket.tokens = Math.min(bucket.tokens, 0);
    },
  };
}
