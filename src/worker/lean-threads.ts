import workerThreads, { type WorkerOptions } from 'node:worker_threads';

const LOOK_MS = 10_000;

/**
 * Runs in a thread before the SDK's own file. Each call of workflow code counts once when it begins and once when it ends, and has no time limit of its own. The SDK's hook of promises gets
 * none of them; Node's own hooks, which take the object itself and no copy, go on.
 */
const THREAD = `
const v8 = require('node:v8');
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
v8.promiseHooks = { ...v8.promiseHooks, createHook: () => () => undefined };
require(file);
`;

/**
 * Creates a worker whose threads of workflows leave out two things that the SDK does all the time and that no one here needs [docs/adr/0095]:
 *
 * - For the time limit of each call into a workflow Node starts a thread, and waits for its end: on a busy machine a call of microseconds then waits for the processor twice. One timer watches all
 * calls instead. [node: Watchdog]
 * - At each begin and end of a promise a hook evaluates code in the workflow's context, to keep a stack which is empty (lean-stacks.ts). [@temporalio/worker 1.24: vm-shared.js, setPromiseHook]
 *
 * @param create starts the threads
 * @param stuck called when a call has not returned for so long
 */
export async function withLeanThreads<T>(create: () => Promise<T>, limitMs: number, stuck: () => void): Promise<T> {
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
