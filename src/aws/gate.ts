/** Lets only so many works run at once; the others wait in the order in which they came. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  async through<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Who waits gets the place itself: no one who comes meanwhile can take it.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

/** Returns one gate for each key, e.g. a region: one that does not answer holds up no other. */
export function gates(most: number): (key: string) => Gate {
  const known = new Map<string, Gate>();
  return (key) => {
    const gate = known.get(key) ?? new Gate(most);
    known.set(key, gate);
    return gate;
  };
}
