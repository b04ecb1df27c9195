/** Long lists take at most this part of the time: the rest of the worker's CPU is for clusters. */
const PART = 1 / 20;
/** Age of a list at which it is due whatever it takes: two minutes are soon enough for what no other list shows. */
const OLDEST_MS = 120_000;

/** How often long lists are asked for: every round while they are short, less often the longer they take. */
export class Ration {
  #at = Number.NEGATIVE_INFINITY;
  #ms = 0;

  isDue(now: number): boolean {
    return now - this.#at >= Math.min(OLDEST_MS, this.#ms / PART);
  }

  /** The lists were made; those that fail are due again. */
  spent(began: number, ms: number): void {
    this.#at = began;
    this.#ms = ms;
  }
}
