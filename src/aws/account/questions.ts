import { TtlCache } from '../ttl-cache.js';

/**
 * How long an answer serves later clusters: `aws` for what AWS changes (types, zones, public images), `person` for what a person may just
 * have changed.
 */
export type Keep = 'aws' | 'person';

const GOOD_FOR_MS: Record<Keep, number> = { aws: 60 * 60_000, person: 5 * 60_000 };

export type Ask = <T>(
  question: readonly unknown[],
  keep: Keep,
  read: () => Promise<T>,
  serves?: (answer: T) => boolean,
) => Promise<T>;

/** Asks each time. */
export const askAlways: Ask = (_question, _keep, read) => read();

/**
 * What an account has answered, in this worker's memory: nothing waits for a look-up that another cluster has just made. The launch is what
 * verifies it. No error comes from it, neither one that it gave nor one concluded from it: `conclude` asks again before. [ADR 0078]
 */
export class AccountAnswers {
  readonly #kept: TtlCache;

  /** @param now milliseconds, for tests */
  constructor(now?: () => number) {
    this.#kept = new TtlCache(now);
  }

  /** @param again whether to ask all of it, as when an earlier answer has proved wrong */
  async conclude<T>(again: boolean, conclusion: (ask: Ask) => Promise<T>): Promise<T> {
    const first = this.#asker(again);
    try {
      return await conclusion(first.ask);
    } catch (error) {
      if (!first.heardEarlier()) throw error;
      return await conclusion(this.#asker(true).ask);
    }
  }

  #asker(again: boolean): { ask: Ask; heardEarlier(): boolean } {
    const notBefore = again ? this.#kept.now() : Number.NEGATIVE_INFINITY;
    let earlier = false;
    return {
      heardEarlier: () => earlier,
      ask: <T>(
        question: readonly unknown[],
        keep: Keep,
        read: () => Promise<T>,
        serves: (answer: T) => boolean = () => true,
      ): Promise<T> => {
        let asked = false;
        const readNow = (): Promise<T> => {
          asked = true;
          return read();
        };
        const terms = { goodForMs: GOOD_FOR_MS[keep], notBefore, serves };
        const answer = this.#kept.ask(JSON.stringify(question), readNow, terms);
        earlier ||= !asked;
        return answer;
      },
    };
  }
}
