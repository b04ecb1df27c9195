import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Env } from '../../../src/config/environment.js';
import type { Child, Children } from './children.js';

/** It takes two seconds; a busy machine may take many times as long. */
const READY_MS = 90_000;

/** Starts the worker as a process and waits until it polls. Its log is JSON lines in `<dir>/worker.log`. */
export async function startWorker(children: Children, env: Env, dir: string): Promise<Child> {
  const healthFile = join(dir, `worker-${process.hrtime.bigint()}.health`);
  const child = children.start({
    name: 'worker',
    command: process.execPath,
    args: [fileURLToPath(new URL('../../../dist/bin/worker.js', import.meta.url))],
    // As in the image.
    env: { ...env, MALLOC_ARENA_MAX: '2', KEELSON_HEALTH_FILE: healthFile },
    logFile: join(dir, 'worker.log'),
  });
  const deadline = Date.now() + READY_MS;
  while (!existsSync(healthFile)) {
    if (!child.isRunning()) throw new Error(`the worker ended at once:\n${child.logTail()}`);
    if (Date.now() > deadline) {
      // Killed, so that it does not poll later: the caller may have started another one by then.
      child.kill('SIGKILL');
      throw new Error(`the worker did not poll in ${READY_MS / 1_000} s:\n${child.logTail()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  void child.ended.then(() => rmSync(healthFile, { force: true }));
  return child;
}
