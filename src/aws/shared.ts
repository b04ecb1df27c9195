/** Long enough for clusters that are made together, short enough that no one notices a change in the account late. */
const GOOD_FOR_MS = 15_000;

/**
 * Answers shared by all who ask the same within some seconds: what an account offers is the same for every cluster, and asking
 * once for each spends the account's calls. A failure is told to those who wait for it and forgotten: the next one asks again.
 */
export class Shared {
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
