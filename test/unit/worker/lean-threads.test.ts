import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import workerThreads from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchCalls, withLeanThreads } from '#src/worker/lean-threads.js';

/** As the SDK's: it calls into a context with a limit for each call, and has a hook for promises. The work takes far longer than a millisecond. */
const THREAD = `
const { AsyncLocalStorage } = require('node:async_hooks');
const v8 = require('node:v8');
const vm = require('node:vm');
const { parentPort } = require('node:worker_threads');
const script = new vm.Script('for (let i = 0; i < 20_000_000; i += 1); 42');
const work = {
  call: () => script.runInContext(vm.createContext({}), { timeout: 1, displayErrors: true }),
  promises: async () => {
    let hooked = 0;
    v8.promiseHooks.createHook({ init: () => void (hooked += 1) });
    const storage = new AsyncLocalStorage();
    return storage.run('kept', async () => {
      await Promise.resolve();
      return { hooked: hooked > 0, stored: storage.getStore() };
    });
  },
};
parentPort.once('message', async (name) => parentPort.postMessage(await work[name]()));
`;

describe('a thread of workflows', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keelson-thread-'));
    writeFileSync(join(folder, 'thread.cjs'), THREAD);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const start = () => Promise.resolve(new workerThreads.Worker(join(folder, 'thread.cjs')));
  const answerOf = async (thread: workerThreads.Worker, work: 'call' | 'promises'): Promise<unknown> => {
    thread.postMessage(work);
    const answer: unknown = await once(thread, 'message').then(([first]: unknown[]) => first, String);
    await thread.terminate();
    return answer;
  };

  it('has no limit for a call of its own, and gives its answer', async () => {
    const thread = await withLeanThreads(start, 120_000, () => undefined);

    expect(await answerOf(thread, 'call')).toBe(42);
  });

  it('is one of Node again once the worker is created, also where that has failed', async () => {
    // Act
    await withLeanThreads(
      () => Promise.reject(new Error('no')),
      120_000,
      () => undefined,
    ).catch(() => undefined);
    const thread = await start();

    // Assess
    expect(await answerOf(thread, 'call')).toMatch(/Script execution timed out/);
  });

  it('has no hook of promises but those of Node, which keep what is stored', async () => {
    // Act
    const lean = await answerOf(await withLeanThreads(start, 120_000, () => undefined), 'promises');
    const usual = await answerOf(await start(), 'promises');

    // Assess
    expect({ lean, usual }).toEqual({
      lean: { hooked: false, stored: 'kept' },
      usual: { hooked: true, stored: 'kept' },
    });
  });
});

/** The SDK's own threads, which it does not export. */
const { ThreadedVMWorkflowCreator } = createRequire(import.meta.url)(
  '../../../node_modules/@temporalio/worker/lib/workflow/threaded-vm.js',
) as { ThreadedVMWorkflowCreator: { create(options: object): Promise<{ destroy(): Promise<void> }> } };

describe('the SDK', () => {
  const threads: workerThreads.Worker[] = [];
  const keep = (thread: workerThreads.Worker): void => void threads.push(thread);
  beforeAll(() => void process.on('worker', keep));
  afterAll(async () => {
    process.off('worker', keep);
    await Promise.all(threads.map((thread) => thread.terminate()));
  });

  /** Nothing is loaded within a millisecond. */
  const create = () =>
    ThreadedVMWorkflowCreator.create({
      workflowBundle: {
        code: readFileSync('dist/workflow-bundle.js', 'utf8'),
        sourceMap: JSON.stringify({ version: 3, sources: [], names: [], mappings: '' }),
        filename: 'dist/workflow-bundle.js',
      },
      ...{ threadPoolSize: 1, isolateExecutionTimeoutMs: 1, reuseV8Context: true },
      ...{ registeredActivityNames: new Set(), logger: { trace: () => undefined } },
    });

  it('starts its threads in a way that takes their limits away', async () => {
    // Act
    const without = await withLeanThreads(create, 120_000, () => undefined);
    await without.destroy();

    // Assess
    await expect(create()).rejects.toThrow(/timed out/);
  });
});

describe('a call into a workflow', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('that does not return is told after its limit, and one that has returned is not', () => {
    // Prepare
    const calls = new Int32Array(new SharedArrayBuffer(4));
    const stuck = vi.fn();
    const end = watchCalls(calls, 30_000, stuck);
    const told = (): number => stuck.mock.calls.length;

    // Act
    vi.advanceTimersByTime(600_000);
    const atRest = told();
    Atomics.add(calls, 0, 1);
    vi.advanceTimersByTime(30_000);
    Atomics.add(calls, 0, 2);
    vi.advanceTimersByTime(30_000);
    const inAnother = told();
    vi.advanceTimersByTime(10_000);
    const inTheSame = told();
    end();
    vi.advanceTimersByTime(600_000);

    // Assess
    expect({ atRest, inAnother, inTheSame, ended: told() }).toEqual({
      atRest: 0,
      inAnother: 0,
      inTheSame: 1,
      ended: 1,
    });
  });
});
