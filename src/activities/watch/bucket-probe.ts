import type { Bucket } from '../../aws/bucket.js';
import { detailOf, toFailure } from '../../aws/failure.js';
import type { ErrorNote } from '../../model/observation-failure.js';
import { INSTALLATION_KEY } from '../../model/trust/installation.js';
import type { ActivityContext } from '../attempt.js';
import { retryOnce } from '../retry-once.js';

/** As often as servers are asked for their K3s: with the next round it is told within a minute. */
const EVERY_MS = 30_000;

/**
 * Reads a small object of the bucket twice a minute, for all clusters of the region together. At rest nothing else does, and without the bucket no node can be
 * replaced: claims and join tokens are in it.
 */
export class BucketProbe {
  /** Why it cannot be read; null when it can, undefined while that is unknown. */
  failure: Omit<ErrorNote, 'since'> | null | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly bucket: Pick<Bucket, 'get'>,
    private readonly attempt: Pick<ActivityContext, 'signal' | 'sleep'>,
  ) {}

  /** Reads it if it is time to. @throws the signal's reason, nothing else */
  async ask(): Promise<void> {
    // A clock that no one sets: where the time of day is set back, the bucket would not be asked until it is there again.
    if (performance.now() < this.#dueAt) return;
    this.#dueAt = performance.now() + EVERY_MS;
    const attempted = 'read the bucket';
    try {
      await retryOnce(this.attempt, attempted, () => this.bucket.get(INSTALLATION_KEY.id));
      this.failure = null;
    } catch (error) {
      if (this.attempt.signal.aborted) throw this.attempt.signal.reason;
      const { code, class: errorClass, message, hint } = detailOf(toFailure(error, attempted));
      this.failure = { code, class: errorClass, message, hint };
    }
  }
}
