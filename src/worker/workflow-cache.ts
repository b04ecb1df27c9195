import { getHeapStatistics } from 'node:v8';

const MIB = 1_024 * 1_024;
/** What the thread of workflows needs beside them. */
const BESIDES_MIB = 160;
/** So many are kept whatever the heap. */
const LEAST = 10;

/**
 * Returns how many workflows a worker keeps in memory: one for each MiB of heap beyond what it needs anyway, 400 in a container of 1 GiB. One that has left is replayed from its history at its next
 * event. Temporal's SDK counts 1.7 MiB for each, because its workflows share neither the model nor zod. [npm run bench -- storm; docs/adr/0071]
 */
export const mostCachedWorkflows = (heapLimit = getHeapStatistics().heap_size_limit): number =>
  Math.max(LEAST, Math.floor(heapLimit / MIB) - BESIDES_MIB);
