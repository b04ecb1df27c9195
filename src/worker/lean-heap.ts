import { setFlagsFromString } from 'node:v8';

/** By so much a heap grows until it is collected. */
const GROWTH_PERCENT = 50;
/** V8's own way: by as much as its own work costs, up to four times what is in use. */
const USUAL = 0;
/** Beyond it the time of collecting a large heap counts for more than its size. A container of the Helm chart has as much. */
const SMALL_BYTES = 1_024 * 1_024 * 1_024;
const LOOK_MS = 5_000;

/**
 * Keeps a small worker small: V8 let 90 MB that were in use grow to 260 before it collected them, in the create of one cluster of 500 nodes. [node --trace-gc; V8's memory controller:
 * heap_growing_percent]
 *
 * @param rss resident bytes of this process
 * @returns ends it
 */
export function keepHeapLean(
  rss: () => number = () => process.memoryUsage.rss(),
  setFlag: (flag: string) => void = setFlagsFromString,
): () => void {
  let isLean: boolean | null = null;
  const look = (): void => {
    const isSmall = rss() < SMALL_BYTES;
    if (isSmall === isLean) return;
    isLean = isSmall;
    setFlag(`--heap-growing-percent=${isSmall ? GROWTH_PERCENT : USUAL}`);
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
