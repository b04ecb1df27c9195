import { gzipSync } from 'node:zlib';

/** Characters of a report's result. */
const MOST_RESULT = 13_000;

/** Returns the lines of a report: of a long result one, compressed; where that is too long, too, its first lines. The counterpart of lib/job.sh. */
export function shortened(results: readonly string[]): string[] {
  const text = results.map((line) => `${line}\n`).join('');
  if (text.length - 1 <= MOST_RESULT) return [...results];
  const packed = gzipSync(text, { level: 9 }).toString('base64');
  if (packed.length < MOST_RESULT) return [`packed=${packed}`];
  const first: string[] = [];
  let left = MOST_RESULT;
  for (const line of results) {
    left -= line.length + 1;
    if (left < 0) break;
    first.push(line);
  }
  return [...first, 'truncated=true'];
}
