import { WaitingLine } from './waiting-line.js';

/** What a bucket of EC2 holds, and how fast it fills again. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** RunInstances and StartInstances, each for itself, in an account and region. [docs: EC2 API throttling] */
const LAUNCHES: Rate = { burst: 5, perSecond: 2 };
/** Other changes. [docs: the same] */
export const CHANGES: Rate = { burst: 50, perSecond: 5 };
/** Changes that a new cluster needs of its group: it is made, and gets its rules. */
export const CHANGES_OF_A_GROUP = 2;
/** Names of new clusters: as fast as EC2 lets their groups be made, which is what comes next. No limit of AWS. [docs/adr/0090] */
export const CLAIMS: Rate = {
  burst: CHANGES.burst / CHANGES_OF_A_GROUP,
  perSecond: CHANGES.perSecond / CHANGES_OF_A_GROUP,
};

/**
 * Makes calls take turns. EC2 allows few at once and few a second for an account and region, and the back-off of a refused call costs more than its turn would have. What brings back what has run goes first, then what others wait for. The use by
 * others in the account is unknown: a refusal empties the bucket.
 */
export interface RateLimiter {
  /**
   * Resolves when it is the caller's turn; never for a caller that has gone before.
   *
   * @param place.signal of the caller: aborted when it has gone
   * @param place.urgent it brings back what has run, and goes before all that is not
   * @param place.rank among its like: lower goes first, then the order of asking
   * @param rate of the bucket, the same each time; that of launches if absent
   */
  turn(key: string, place: TurnPlace, rate?: Rate): Promise<void>;
  /**
   * The line before the turns of that key, for who may leave the worker meanwhile; what is urgent has one of its own.
   *
   * @param of.turns that each takes
   */
  line(key: string, of?: { urgent?: boolean | undefined; rate?: Rate; turns?: number }): WaitingLine;
  /** AWS has refused: someone else has used the tokens that the bucket seemed to have. */
  refused(key: string): void;
}

/** Where in the order of turns a call stands. */
export interface TurnPlace {
  rank: number;
  urgent?: boolean | undefined;
  signal?: Pick<AbortSignal, 'aborted'>;
}

/** After so many urgent turns in a row one goes to what waits otherwise: a storm of losses slows creates down, and never stops them. */
const URGENT_IN_A_ROW = 9;

interface Waiter {
  rank: number;
  isGone: () => boolean;
  go: () => void;
}

interface Bucket {
  rate: Rate;
  tokens: number;
  at: number;
  urgent: Waiter[];
  waiting: Waiter[];
  /** Urgent turns since the last other one, counted while others wait. */
  inARow: number;
  timer: NodeJS.Timeout | null;
}

/** @param now milliseconds, for tests */
export function createRateLimiter(now: () => number = () => performance.now()): RateLimiter {
  const buckets = new Map<string, Bucket>();
  const lines = new Map<string, WaitingLine>();

  const bucketOf = (key: string, rate = LAUNCHES): Bucket => {
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      bucket = { rate, tokens: rate.burst, at: now(), urgent: [], waiting: [], inARow: 0, timer: null };
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

  /** Without those that have gone: a turn that no one takes would be EC2's limit wasted. */
  const waits = ({ urgent, waiting }: Bucket): boolean => {
    for (const queue of [urgent, waiting]) while (queue[0]?.isGone()) queue.shift();
    return urgent.length + waiting.length > 0;
  };

  const next = (bucket: Bucket): Waiter | undefined => {
    const { urgent, waiting } = bucket;
    const isUrgent = urgent.length > 0 && (waiting.length === 0 || bucket.inARow < URGENT_IN_A_ROW);
    bucket.inARow = isUrgent && waiting.length > 0 ? bucket.inARow + 1 : 0;
    return isUrgent ? urgent.shift() : waiting.shift();
  };

  const serve = (bucket: Bucket): void => {
    refill(bucket);
    while (bucket.tokens >= 1 && waits(bucket)) {
      bucket.tokens -= 1;
      next(bucket)?.go();
    }
    if (!waits(bucket) || bucket.timer !== null) return;
    const ms = Math.ceil(((1 - bucket.tokens) / bucket.rate.perSecond) * 1_000);
    bucket.timer = setTimeout(() => {
      bucket.timer = null;
      serve(bucket);
    }, ms);
  };

  return {
    turn: (key, { rank, urgent, signal }, rate) =>
      new Promise((go) => {
        const bucket = bucketOf(key, rate);
        const queue = urgent === true ? bucket.urgent : bucket.waiting;
        const at = queue.findIndex((other) => other.rank > rank);
        queue.splice(at < 0 ? queue.length : at, 0, { rank, isGone: () => signal?.aborted === true, go });
        serve(bucket);
      }),
    line(key, { urgent = false, rate = LAUNCHES, turns = 1 } = {}) {
      const urgentKey = `${key}, urgent`;
      // Some call without having stood in a line; those that have are in both. While none of them is here, those that are away may never come.
      const waiting = (): number => {
        const here = buckets.get(key)?.urgent.length ?? 0;
        return here === 0 ? 0 : Math.max(lines.get(urgentKey)?.size ?? 0, here / turns);
      };
      const name = urgent ? urgentKey : key;
      const line =
        lines.get(name) ??
        new WaitingLine(rate.perSecond / turns, urgent ? undefined : { waiting, inARow: URGENT_IN_A_ROW }, now);
      lines.set(name, line);
      return line;
    },
    refused(key) {
      const bucket = bucketOf(key);
      refill(bucket);
      bucket.tokens = Math.min(bucket.tokens, 0);
    },
  };
}
