import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { CliError, EXIT } from '../exit.js';
import { pause } from '../wait/abort.js';

/** kubectl holds its lock for milliseconds, and gives up at once if another process holds it. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 25;

/**
 * Runs an action under the locks of client-go: `<file>.lock`, made with O_EXCL, so that kubectl and other merges wait their turn or refuse.
 * It never breaks a lock: a slow owner looks like a dead one. [client-go: tools/clientcmd/loader.go, lockFile]
 *
 * @param paths locked in order of their names, as client-go does, so that two processes cannot wait for each other
 * @throws CliError `failed` that names the lock when another process holds it for 10 s
 */
export async function underLocks<T>(paths: readonly string[], signal: AbortSignal, act: () => T): Promise<T> {
  const held: string[] = [];
  try {
    for (const path of [...new Set(paths)].sort()) held.push(await lock(path, signal));
    return act();
  } finally {
    for (const path of held) rmSync(path, { force: true });
  }
}

async function lock(path: string, signal: AbortSignal): Promise<string> {
  const name = `${path}.lock`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  for (const deadline = Date.now() + PATIENCE_MS; ; await pause(PAUSE_MS, signal)) {
    try {
      closeSync(openSync(name, 'wx', 0o600));
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (Date.now() > deadline || signal.aborted)
        throw new CliError(
          EXIT.failed,
          `${name} is held by another program (kubectl, or another merge) for ${PATIENCE_MS / 1_000} s`,
          'try again; if no such program runs, one was killed: remove the file',
          { cause: error },
        );
    }
  }
}
