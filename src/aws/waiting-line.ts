/** So many seconds' worth of turns wait in the worker: enough that none passes unused while the next ones come back. */
const INSIDE_S = 10;
/** Who comes back is expected to find room; who has not come so long after its time is gone. */
const PATIENCE_MS = 60_000;
/** Sooner it is not worth to leave. */
const LEAST_MS = 1_000;
/**
 * How much longer than without them who waits stays away for those that go first: they may be gone sooner than they seem. Some come sooner, so that not all come
 * at once.
 */
const LONGEST_BEHIND_MS = 30_000;
const JITTER = 0.25;

/** What goes before a line in the same bucket. */
export interface Overtaking {
  /** How many turns they wait for. */
  waiting: () => number;
  /** After so many of them in a row one turn goes to the line. */
  inARow: number;
}

const NOTHING: Overtaking = { waiting: () => 0, inARow: 0 };

/**
 * The line before a bucket of AWS. Who has to wait for long leaves the worker, keeps its place, and comes back shortly before its turn: a wait in the worker holds a slot for activities
 * and beats each two seconds, which a thousand at a time cannot afford. [npm run bench -- thousands; docs/adr/0083]
 */
export class WaitingLine {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #overtaking: Overtaking;
  readonly #random: () => number;
  readonly #inside = new Set<string>();
  /** When each is expected back, and since when it waits. */
  readonly #away = new Map<string, { due: number; since: number }>();

  /**
   * @param perSecond turns
   * @param overtaking what goes first
   * @param now milliseconds, for tests
   * @param random in [0, 1), for tests
   */
  constructor(
    perSecond: number,
    overtaking: Overtaking = NOTHING,
    now: () => number = () => performance.now(),
    random: () => number = Math.random,
  ) {
    this.#perSecond = perSecond;
    this.#overtaking = overtaking;
    this.#now = now;
    this.#random = random;
  }

  /** How many wait, here and away. */
  get size(): number {
    const time = this.#now();
    return this.#inside.size + [...this.#away.values()].filter((one) => !isForgotten(one, time)).length;
  }

  /**
   * Returns null if the caller may wait here; then it calls `leave` when its turn has come, or when it gives up. Else the milliseconds after which to come again,
   * and how many are before it. Who waits here asks again from time to time: what goes first may have come since.
   *
   * @param id the same each time that the same caller comes
   * @param since milliseconds since 1970: who waits longer goes first, for of many that were asked for together chance decides who comes first
   */
  enter(id: string, since: number): { ms: number; before: number } | null {
    const time = this.#now();
    const ownBefore = this.#inside.has(id)
      ? this.#insideBefore(id)
      : this.#inside.size + this.#awayBefore(id, since, time);
    const { waiting, inARow } = this.#overtaking;
    const before = ownBefore + Math.min(waiting(), inARow * (ownBefore + 1));
    if (before < this.#perSecond * INSIDE_S) {
      this.#away.delete(id);
      this.#inside.add(id);
      return null;
    }
    // In time for half of what waits inside.
    const msUntil = (turns: number): number => (turns / this.#perSecond - INSIDE_S / 2) * 1_000;
    const longest = LONGEST_BEHIND_MS * (1 - JITTER * this.#random());
    const ms = Math.max(LEAST_MS, Math.min(msUntil(before), Math.max(msUntil(ownBefore), longest)));
    this.#inside.delete(id);
    // A map keeps the place of a key that it has.
    this.#away.set(id, { due: time + ms, since });
    return { ms, before };
  }

  leave(id: string): void {
    this.#inside.delete(id);
  }

  #insideBefore(id: string): number {
    let before = 0;
    for (const other of this.#inside) {
      if (other === id) break;
      before += 1;
    }
    return before;
  }

  #awayBefore(id: string, since: number, time: number): number {
    let before = 0;
    let isPast = false;
    for (const [other, one] of this.#away) {
      if (other === id) isPast = true;
      else if (isForgotten(one, time)) this.#away.delete(other);
      else if (one.since < since || (one.since === since && !isPast)) before += 1;
    }
    return before;
  }
}

const isForgotten = ({ due }: { due: number }, time: number): boolean => time > due + PATIENCE_MS;
