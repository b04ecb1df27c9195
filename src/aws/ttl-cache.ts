/** Long enough for clusters that start together, short enough that a change in the account is noticed soon. */
const GOOD_FOR_MS = 15_000;

interface Answer {
  askedAt: number;
  until: number;
  answer: Promise<unknown>;
}

interface Terms<T> {
  /** How long an answer serves those who ask later. */
  goodForMs?: number;
  /** Answers to questions of before that time do not serve. */
  notBefore?: number;
  /** Whether an answer may serve others. */
  serves?: (answer: T) => boolean;
}

/**
 * Shares an answer among all who ask the same within some time: an account offers the same to every cluster, and separate calls would
 * spend its limits. A failure goes to those who wait for it and is dropped: the next caller asks again.
 */
export class TtlCache {
  readonly #answers = new Map<string, Answer>();

  /** @param now milliseconds, for tests */
  constructor(readonly now: () => number = () => performance.now()) {}

  ask<T>(key: string, read: () => Promise<T>, terms: Terms<T> = {}): Promise<T> {
    const { goodForMs = GOOD_FOR_MS, notBefore = Number.NEGATIVE_INFINITY, serves = () => true } = terms;
    const time = this.now();
    const known = this.#answers.get(key);
    // The key names the question, and so the type of its answer.
    if (known !== undefined && time < known.until && known.askedAt >= notBefore) return known.answer as Promise<T>;
    const answer = read();
    for (const [other, { until }] of this.#answers) if (time >= until) this.#answers.delete(other);
    this.#answers.set(key, { askedAt: time, until: time + goodForMs, answer });
    const drop = (): void => {
      if (this.#answers.get(key)?.answer === answer) this.#answers.delete(key);
    };
    answer.then((given) => serves(given) || drop(), drop);
    return answer;
  }
}
