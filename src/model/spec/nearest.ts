/** A more distant suggestion would only confuse. */
const MAX_DISTANCE = 3;

/** Returns the known word nearest to a mistyped one, or null. Case does not matter: `instancetype` is `instanceType`. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > 64) return null;
  let best: { word: string; distance: number } | null = null;
  for (const candidate of known) {
    // The distance is at least the difference in length.
    if (Math.abs(candidate.length - word.length) > limit(word)) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), limit(word));
    if (distance <= limit(word) && (best === null || distance < best.distance)) best = { word: candidate, distance };
  }
  return best?.word ?? null;
}

const limit = (word: string): number => Math.min(MAX_DISTANCE, Math.ceil(word.length / 3));

/**
 * Returns the insertions, deletions, replacements and swaps of neighbours from `a` to `b` (optimal string alignment).
 *
 * @param most larger distances do not matter: counting ends there, and only cells near the diagonal are filled in
 */
export function editDistance(a: string, b: string, most = Math.max(a.length, b.length)): number {
  const far = most + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => Math.min(j, far));
  for (let i = 1; i <= a.length; i++) {
    const row: number[] = new Array<number>(b.length + 1).fill(far);
    if (i <= most) row[0] = i;
    let least = row[0] ?? far;
    for (let j = Math.max(1, i - most); j <= Math.min(b.length, i + most); j++) {
      const replace = (last[j - 1] ?? far) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min((last[j] ?? far) + 1, (row[j - 1] ?? far) + 1, replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? far) + 1);
      }
      row[j] = Math.min(cost, far);
      least = Math.min(least, cost);
    }
    // A swap comes from the row before the last.
    if (least > most && Math.min(...last) > most) return far;
    beforeLast = last;
    last = row;
  }
  return Math.min(last[b.length] ?? far, far);
}
