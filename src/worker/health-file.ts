import { rmSync, writeFileSync } from 'node:fs';

const BEAT_MS = 5_000;

/**
 * Keeps a file fresh while the worker polls, for containers whose health check reads its age. It removes the file before the worker drains,
 * so that no one counts on a worker that takes no more work.
 *
 * @returns ends it and removes the file
 */
export function keepHealthFile(path: string, isPolling: () => boolean): () => void {
  const beat = (): void => {
    if (isPolling()) writeFileSync(path, `${new Date().toISOString()}\n`);
    else rmSync(path, { force: true });
  };
  beat();
  const timer = setInterval(beat, BEAT_MS);
  return () => {
    clearInterval(timer);
    rmSync(path, { force: true });
  };
}
