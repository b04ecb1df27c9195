import { getHeapStatistics } from 'node:v8';

const MIB = 1_024 * 1_024;
/** What the thread of workflows needs beside them. */
const BESIDES_MIB = 160;
/** So many are kept whatever the heap. */
const LEAST = 10;

/**
 * Returns how many workflows a worker keeps in memory: 400 in a container of 1 GiB, of which Node takes half for its heap. One that has left is replayed from its history at its next event. In a storm of
 * 500 losses each took 0.3 MiB of the heap and 0.9 MiB of memory in all, and the worker 937 MiB. Temporal's SDK would keep 210. [npm run bench -- storm; docs/explanation/scale.md]
 */
export const mostCachedWorkflows = (heapLimit = getHeapStatistics().heap_size_limit): number =>
  Math.max(LEAST, Math.floor(heapLimit / MIB) - BESIDES_MIB);
