/** So many seconds' worth of turns wait in the worker: enough that none passes unused while the next ones come back. */
const INSIDE_S = 10;
/** Who comes back is expected to find room; who has not come so long after its time is gone. */
const PATIENCE_MS = 60_000;
/** Sooner it is not worth to leave. */
const LEAST_MS = 1_000;

/**
 * The line before a bucket of AWS. Who has to wait for long leaves the worker, keeps its place, and comes back shortly before its turn: a wait in the worker holds a slot for activities
 * and beats each two seconds, which a thousand at a time cannot afford. [npm run bench -- thousands; docs/adr/0083]
 */
export class WaitingLine {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #inside = new Set<string>();
  /** When each is expected back, and since when it waits. */
  readonly #away = new Map<string, { due: number; since: number }>();

  /**
   * @param perSecond turns
   * @param now milliseconds, for tests
   */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /**
   * Returns null if the caller may wait here; then it calls `leave` when its turn has come, or when it gives up. Else the milliseconds after which to come again,
   * and how many are before it.
   *
   * @param id the same each time that the same caller comes
   * @param since milliseconds since 1970: who waits longer goes first, for of many that were asked for together chance decides who comes first
   */
  enter(id: string, since: number): { ms: number; before: number } | null {
    const time = this.#now();
    const before = this.#inside.size + this.#awayBefore(id, since, time);
    if (before < this.#perSecond * INSIDE_S) {
      this.#away.delete(id);
      this.#inside.add(id);
      return null;
    }
    // In time for half of what waits inside.
    const ms = Math.max(LEAST_MS, (before / this.#perSecond - INSIDE_S / 2) * 1_000);
    // A map keeps the place of a key that it has.
    this.#away.set(id, { due: time + ms, since });
    return { ms, before };
  }

  leave(id: string): void {
    this.#inside.delete(id);
  }

  #awayBefore(id: string, since: number, time: number): number {
    let before = 0;
    let isPast = false;
    for (const [other, one] of this.#away) {
      if (other === id) isPast = true;
      else if (time > one.due + PATIENCE_MS) this.#away.delete(other);
      else if (one.since < since || (one.since === since && !isPast)) before += 1;
    }
    return before;
  }
}
