/** Long enough for clusters that start together, short enough that a change in the account is noticed soon. */
const GOOD_FOR_MS = 15_000;

/**
 * Shares an answer among all who ask the same within some seconds: an account offers the same to every cluster, and separate calls would
 * spend its limits. A failure goes to those who wait for it and is dropped: the next caller asks again.
 */
export class TtlCache {
  readonly #answers = new Map<string, { at: number; answer: Promise<unknown> }>();

  /** @param now milliseconds, for tests */
  constructor(private readonly now: () => number = () => performance.now()) {}

  ask<T>(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key);
    if (known !== undefined && this.now() - known.at < GOOD_FOR_MS) return known.answer as Promise<T>;
    const answer = read();
    for (const [other, { at }] of this.#answers) if (this.now() - at >= GOOD_FOR_MS) this.#answers.delete(other);
    this.#answers.set(key, { at: this.now(), answer });
    answer.catch(() => {
      if (this.#answers.get(key)?.answer === answer) this.#answers.delete(key);
    });
    return answer;
  }
}
