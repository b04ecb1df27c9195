/** Makes a value for a key on first use and keeps it. Beyond `most` values it drops the least recently used one. */
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
