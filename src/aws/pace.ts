/**
 * RunInstances and StartInstances are allowed 5 at once and 2 a second for an account and region [docs: EC2 API throttling].
 * A call beyond that is refused and its back-off costs more than its turn would have: so calls take turns before they are
 * sent, those that others wait for first. What other users of the account take is not known here: a refusal empties the bucket.
 */
export interface Pace {
  /**
   * Resolves when it is the caller's turn.
   *
   * @param rank lower goes first, then the order of asking
   */
  turn(key: string, rank: number): Promise<void>;
  /** AWS has refused: someone else has taken what we believed was there. */
  refused(key: string): void;
}

const BURST = 5;
const PER_SECOND = 2;

interface Waiter {
  rank: number;
  go: () => void;
}

interface Bucket {
  tokens: number;
  at: number;
  waiting: Waiter[];
  timer: NodeJS.Timeout | null;
}

/** @param now milliseconds, for tests */
export function createPace(now: () => number = () => performance.now()): Pace {
  const buckets = new Map<string, Bucket>();

  const bucketOf = (key: string): Bucket => {
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      bucket = { tokens: BURST, at: now(), waiting: [], timer: null };
      buckets.set(key, bucket);
    }
    return bucket;
  };

  const refill = (bucket: Bucket): void => {
    const time = now();
    bucket.tokens = Math.min(BURST, bucket.tokens + ((time - bucket.at) / 1_000) * PER_SECOND);
    bucket.at = time;
  };

  const serve = (bucket: Bucket): void => {
    refill(bucket);
    while (bucket.tokens >= 1 && bucket.waiting.length > 0) {
      bucket.tokens -= 1;
      bucket.waiting.shift()?.go();
    }
    if (bucket.waiting.length === 0 || bucket.timer !== null) return;
    const ms = Math.ceil(((1 - bucket.tokens) / PER_SECOND) * 1_000);
    bucket.timer = setTimeout(() => {
      bucket.timer = null;
      serve(bucket);
    }, ms);
  };

  return {
    turn: (key, rank) =>
      new Promise((go) => {
        const bucket = bucketOf(key);
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
