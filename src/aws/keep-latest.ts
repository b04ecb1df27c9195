/**
 * Makes a value for a key on first use and keeps it, and forgets the one that was asked for longest ago when there are more than `most`.
 */
export function keepLatest<A extends unknown[], V>(
  most: number,
  keyOf: (...args: A) => string,
  make: (...args: A) => V,
): (...args: A) => V {
  const kept = new Map<string, V>();
  return (...args) => {
    const key = keyOf(...args);
    const value = kept.has(key) ? (kept.get(key) as V) : make(...args);
    kept.delete(key);
    kept.set(key, value);
    const oldest = kept.keys().next().value;
    if (kept.size > most && oldest !== undefined) kept.delete(oldest);
    return value;
  };
}
