/** How many of these moments fall into each second. */
export function perSecond(moments: readonly number[], started: number, seconds: number): number[] {
  const counts = new Array<number>(Math.ceil(seconds) + 1).fill(0);
  for (const moment of moments) {
    const second = Math.floor((moment - started) / 1_000);
    if (second >= 0 && second < counts.length) counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
}

/** A line a second: `#` for what was answered, `x` for what was refused. */
export function plot(asked: readonly number[], refused: readonly number[]): string {
  return asked
    .map((count, second) => {
      const turned = refused[second] ?? 0;
      const bar = '#'.repeat(count - turned) + 'x'.repeat(turned);
      return `${String(second).padStart(4)} s ${String(count).padStart(3)} ${bar}`.trimEnd();
    })
    .join('\n');
}
