export interface PathChange {
  path: (string | number)[];
  from: unknown;
  to: unknown;
}

/**
 * Returns where two JSON values differ: it enters mappings that both have, and compares lists as a whole. A missing value reads as
 * undefined. Sorted by key, so that the same pair gives the same list.
 */
export function changedPaths(from: unknown, to: unknown, path: (string | number)[] = []): PathChange[] {
  if (isMapping(from) && isMapping(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
    return keys.flatMap((key) => changedPaths(own(from, key), own(to, key), [...path, key]));
  }
  return sameValue(from, to) ? [] : [{ path, from, to }];
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const own = (value: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(value, key) ? value[key] : undefined;

/** Returns whether two JSON values are equal; the order of keys does not matter, that of list entries does. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, index) => sameValue(entry, b[index]));
  }
  return isMapping(a) && isMapping(b) && changedPaths(a, b).length === 0;
}
