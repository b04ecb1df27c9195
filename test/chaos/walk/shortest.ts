import type { Step } from './steps.js';

export interface Shortest {
  /** Places of the steps that are left in the walk. */
  path: number[];
  runs: number;
}

/**
 * Leaves out what is not needed for a walk to fail: halves, then quarters, and so on. Each try is a walk in real time, so the search
 * ends after a while with what it has.
 *
 * @param fails walks only these; whether it fails still
 */
export async function shortest(
  steps: readonly Step[],
  failedAt: number,
  limitMs: number,
  fails: (path: readonly number[]) => Promise<boolean>,
): Promise<Shortest> {
  const end = Date.now() + limitMs;
  let path = steps.map((_, index) => index).slice(0, failedAt + 1);
  let runs = 0;
  for (let size = Math.ceil(path.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < path.length; ) {
      if (Date.now() > end) return { path, runs };
      const shorter = [...path.slice(0, from), ...path.slice(from + size)];
      runs += 1;
      if (shorter.length < path.length && (await fails(shorter))) path = shorter;
      else from += size;
    }
  }
  return { path, runs };
}

/** `0-3,7`: the places 0, 1, 2, 3 and 7. */
export function pathText(path: readonly number[]): string {
  const parts: string[] = [];
  for (let from = 0; from < path.length; ) {
    let to = from;
    while (path[to + 1] === (path[to] ?? 0) + 1) to += 1;
    parts.push(from === to ? `${path[from]}` : `${path[from]}-${path[to]}`);
    from = to + 1;
  }
  return parts.join(',');
}

/** @throws Error when it is no such list */
export function parsePath(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
    if (from === undefined) throw new Error(`"${part}" is no place of a walk: 0-3,7 was expected`);
    const last = Number(to ?? from);
    return Array.from({ length: last - Number(from) + 1 }, (_, index) => Number(from) + index);
  });
}
