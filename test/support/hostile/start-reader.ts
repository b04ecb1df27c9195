import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Answer, Kind } from './reader.js';

/** What any input may cost at most. */
export const MOST_CPU_MS = 200;
export const MOST_MIB = 100;

/** Modules and what the tests before have left need about 40 MiB; an input that needs 100 MiB more ends the process. */
const HEAP_MIB = 128;

export interface Reader {
  /** @throws when the process has ended, e.g. for want of memory */
  read(kind: Kind, input: string | Uint8Array): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts a process that reads inputs, bundled as the worker is: a loader that compiles TypeScript would be measured with it. */
export async function startReader(): Promise<Reader> {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-reader-'));
  const file = join(folder, 'reader.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./reader.ts', import.meta.url))],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  const child = fork(file, {
    execArgv: [`--max-old-space-size=${HEAP_MIB}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2_000);
  });
  await answerOf(child, () => complaint);
  return {
    read: (kind, input) => {
      const answer = answerOf(child, () => complaint);
      child.send({ kind, input: Buffer.from(input) });
      return answer as Promise<Answer>;
    },
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill();
      await exit;
      rmSync(folder, { recursive: true });
    },
  };
}

function answerOf(child: ChildProcess, complaint: () => string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null): void =>
      reject(new Error(`the reader ended with ${signal ?? code}: ${complaint()}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}
