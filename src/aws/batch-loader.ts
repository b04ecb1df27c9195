import { chunks } from './pages.js';

export interface BatchLoaderOptions<T> {
  /** Reads what exists about these ids; an id that is absent from the answer is absent in AWS. */
  read: (ids: string[]) => Promise<Map<string, T>>;
  /** How many ids one call takes. */
  chunk: number;
  /** Least milliseconds between two rounds; grows with the number of calls and of ids in a round, and when `slowDown` asks for it. */
  tick?: number;
  maxTick?: number;
  slowDown?: (error: unknown) => boolean;
}

const MAX_TICK_THROTTLED = 8_000;
/** So many are as cheap as one. An answer about a hundred takes as long to read as four calls. [npm run bench -- thousands] */
const FEW = 25;

/**
 * Shares one reader among all waits of this process: ids of the same round share their calls, so that the cost of waiting does not grow
 * with the number of nodes. Throttling slows all of them down together.
 */
export class BatchLoader<T> {
  readonly #options: BatchLoaderOptions<T>;
  readonly #tick: number;
  #waiting = new Map<string, PromiseWithResolvers<T | undefined>>();
  #timer: NodeJS.Timeout | undefined;
  /** Not by the time of day: when that is set back, everything would wait until it is there again. */
  #lastRound = Number.NEGATIVE_INFINITY;
  #calls = 1;
  #ids = 0;
  #slower = 1;

  constructor(options: BatchLoaderOptions<T>) {
    this.#options = options;
    this.#tick = options.tick ?? 500;
  }

  /**
   * Returns AWS's answer about `id` in the next round; undefined if AWS does not know it.
   *
   * @throws the error of the call, for all callers with an id of its chunk
   */
  next(id: string): Promise<T | undefined> {
    let waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      waiting = withResolvers<T | undefined>();
      // The caller may have gone by the time of the answer.
      waiting.promise.catch(() => undefined);
      this.#waiting.set(id, waiting);
      this.#timer ??= setTimeout(
        () => void this.#round(),
        Math.max(0, this.#lastRound + this.#pause() - performance.now()),
      );
    }
    return waiting.promise;
  }

  #pause(): number {
    const many = this.#ids / FEW;
    const fair = Math.min(this.#tick * Math.max(this.#calls, many), this.#options.maxTick ?? 2_000);
    return Math.min(fair * this.#slower, MAX_TICK_THROTTLED);
  }

  async #round(): Promise<void> {
    const asked = this.#waiting;
    this.#waiting = new Map();
    this.#timer = undefined;
    this.#lastRound = performance.now();
    this.#ids = asked.size;
    const parts = chunks([...asked.keys()], this.#options.chunk);
    this.#calls = Math.max(1, parts.length);
    const throttled = await Promise.all(parts.map((ids) => this.#ask(ids, asked)));
    this.#slower = throttled.includes(true) ? Math.min(16, this.#slower * 2) : Math.max(1, this.#slower / 2);
  }

  /** Resolves with whether AWS asked to slow down. */
  async #ask(ids: string[], asked: Map<string, PromiseWithResolvers<T | undefined>>): Promise<boolean> {
    try {
      const found = await this.#options.read(ids);
      for (const id of ids) asked.get(id)?.resolve(found.get(id));
      return false;
    } catch (error) {
      for (const id of ids) asked.get(id)?.reject(error);
      return this.#options.slowDown?.(error) ?? false;
    }
  }
}

interface PromiseWithResolvers<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
}

/** `Promise.withResolvers` comes with Node 22. */
function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
