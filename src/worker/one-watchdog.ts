import workerThreads, { type WorkerOptions } from 'node:worker_threads';

const LOOK_MS = 10_000;

/**
 * Runs in a thread before the SDK's own file. Each call of workflow code counts once when it begins and once when it ends, and has no time limit of its own.
 */
const THREAD = `
const { Script } = require('node:vm');
const { workerData: { file, calls } } = require('node:worker_threads');
const { runInContext } = Script.prototype;
Script.prototype.runInContext = function (context, { timeout, ...options } = {}) {
  Atomics.add(calls, 0, 1);
  try {
    return runInContext.call(this, context, options);
  } finally {
    Atomics.add(calls, 0, 1);
  }
};
require(file);
`;

/**
 * Creates a worker with one watchdog for all of its workflow code. For the time limit that the SDK gives each call into a workflow Node starts a thread, and waits for its end: on a busy
 * machine a call of microseconds then waits for the processor twice. [docs/adr/0095; node: Watchdog]
 *
 * @param create starts the threads in which workflows run
 * @param stuck called when a call has not returned for so long
 */
export async function withOneWatchdog<T>(create: () => Promise<T>, limitMs: number, stuck: () => void): Promise<T> {
  const { Worker } = workerThreads;
  workerThreads.Worker = class extends Worker {
    constructor(file: string | URL, options?: WorkerOptions) {
      const calls = new Int32Array(new SharedArrayBuffer(4));
      super(THREAD, { ...options, eval: true, workerData: { file, calls } });
      const end = watchCalls(calls, limitMs, stuck);
      this.once('exit', end);
    }
  };
  try {
    return await create();
  } finally {
    workerThreads.Worker = Worker;
  }
}

/**
 * Goes by looks and not by a clock: a process that was suspended has looked once meanwhile.
 *
 * @param calls one more for each begin and each end of a call
 */
export function watchCalls(calls: Int32Array, limitMs: number, stuck: () => void): () => void {
  let [seen, looks] = [0, 0];
  const timer = setInterval(() => {
    const now = Atomics.load(calls, 0);
    looks = now === seen && now % 2 !== 0 ? looks + 1 : 0;
    seen = now;
    if (looks * LOOK_MS >= limitMs) stuck();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
