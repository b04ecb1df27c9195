/** A token bucket, refilled steadily: how EC2 throttles. [docs: EC2 API throttling] */
export class TokenBucket {
  private level: number;
  private at: number;

  constructor(
    private readonly size: number,
    private readonly refillPerSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.level = size;
    this.at = now();
  }

  /** Takes a token, or as many as are asked for; false without them. */
  take(count = 1): boolean {
    const now = this.now();
    this.level = Math.min(this.size, this.level + ((now - this.at) / 1_000) * this.refillPerSecond);
    this.at = now;
    if (this.level < count) return false;
    this.level -= count;
    return true;
  }
}
