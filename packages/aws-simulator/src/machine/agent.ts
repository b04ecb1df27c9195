/**
 * The SSM agent of one machine: registers some time after boot, takes up to five commands side by side, and may be dead
 * for a while although the machine runs. Without a role at boot it backs off for minutes to an hour [amazon-ssm-agent#202]:
 * here it never registers.
 */
const SIDE_BY_SIDE = 5;
/** A longer timer would fire at once. [Node: setTimeout] */
const LONGEST_TIMER = 2 ** 31 - 1;

export class Agent {
  /** Registered in some boot of this instance: SSM keeps it, as ConnectionLost, while it is away. */
  known = false;
  registeredAt: number | null = null;
  /** It has registered in this boot of the machine. */
  connected = false;
  private deadUntil = 0;
  /** Time of its last sign of life. */
  private silentSince = 0;
  /** Until someone revives it, or the machine boots. */
  private killed: 'no' | 'till-boot' | 'for-good' = 'no';
  private busy = 0;
  private waiting: (() => void)[] = [];

  get online(): boolean {
    return this.connected && this.killed === 'no' && Date.now() >= this.deadUntil;
  }

  /** Returns the milliseconds since the epoch of what SSM calls its last ping. */
  get lastPingAt(): number {
    return this.online ? Date.now() : this.silentSince;
  }

  register(): void {
    if (this.killed === 'till-boot') this.killed = 'no';
    this.connected = true;
    this.known = true;
    this.registeredAt ??= Date.now();
    this.wake();
  }

  /** The machine goes down. */
  disconnect(): void {
    this.fallSilent();
    this.connected = false;
  }

  /** The agent hangs for `ms`, then comes back. */
  die(ms: number): void {
    this.fallSilent();
    this.deadUntil = Date.now() + ms;
    setTimeout(() => this.wake(), Math.min(ms + 1, LONGEST_TIMER)).unref();
  }

  /** The agent is dead until it is revived; a boot does that too, unless it `stays` dead. */
  kill(stays: boolean): void {
    this.fallSilent();
    this.killed = stays ? 'for-good' : 'till-boot';
  }

  private fallSilent(): void {
    if (this.online) this.silentSince = Date.now();
  }

  revive(): void {
    this.killed = 'no';
    this.deadUntil = 0;
    this.wake();
  }

  /** Resolves with true while no one has killed the agent, or as soon as it is revived; with false when the signal aborted first. */
  async alive(signal: AbortSignal): Promise<boolean> {
    while (this.killed !== 'no' && !signal.aborted) await this.change(signal);
    return !signal.aborted;
  }

  /** Resolves when the agent is online and has a free worker; null when the signal aborted first. */
  async take(signal: AbortSignal): Promise<(() => void) | null> {
    while (!signal.aborted) {
      if (this.online && this.busy < SIDE_BY_SIDE) {
        this.busy++;
        let released = false;
        return () => {
          if (released) return;
          released = true;
          this.busy--;
          this.wake();
        };
      }
      await this.change(signal);
    }
    return null;
  }

  /** Resolves when something about the agent may have changed, or the signal aborts. */
  private change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.waiting.push(resume);
      signal.addEventListener('abort', resume);
    });
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resume of waiting) resume();
  }
}
