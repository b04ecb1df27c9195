import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ChaosCell } from './chaos-cell.js';

const CLIENT = fileURLToPath(new URL('../../../dist/bin/keelson.js', import.meta.url));

/** Runs `keelson status NAME --watch` as a person does. @returns a function that ends it */
export function watchByCommand(cell: ChaosCell, name: string): () => Promise<void> {
  const child = spawn(process.execPath, [CLIENT, 'status', name, '--watch', '-o', 'json'], {
    env: cell.env,
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return async () => {
    child.kill('SIGINT');
    await ended;
  };
}
