/** How many objects may be missing: the counts are made a moment after the snapshot, and controllers delete some at a start. */
const FEW = 10;
const SHARE = 0.1;

/**
 * Returns what a restored cluster lacks of its manifest's counts, in words; empty when it lacks nothing. More objects are not a loss.
 *
 * @param expected objects by kind, of the manifest
 * @param found objects by kind, of the restored cluster; a missing kind was not counted
 */
export function lacking(expected: Readonly<Record<string, number>>, found: Readonly<Record<string, number>>): string[] {
  return Object.entries(expected).flatMap(([kind, count]) => {
    const there = found[kind];
    if (there === undefined) return [`${kind} were not counted`];
    const isLost = count - there > Math.max(FEW, count * SHARE) || (count > 0 && there === 0);
    return isLost ? [`${there} of ${count} ${kind}`] : [];
  });
}

/** Reads counts from a script's results, `count.<kind>=<n>`. */
export const countsIn = (result: Readonly<Record<string, string>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(result).flatMap(([key, value]) =>
      key.startsWith('count.') && /^\d{1,9}$/.test(value) ? [[key.slice('count.'.length), Number(value)]] : [],
    ),
  );
