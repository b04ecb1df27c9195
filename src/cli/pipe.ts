import { spawn } from 'node:child_process';

/**
 * Calls back when the reader of a pipe leaves, as in `keelson events NAME --watch | head -1`. Node notices with the next write only, which
 * may come hours later. GNU tail watches its own output and ends by SIGPIPE; without it there is no callback, and the next write ends the
 * program. [coreutils 8.28: tail]
 *
 * @param stream nothing happens for a terminal or a file, which have no reader that leaves
 * @returns ends the watching
 */
export function whenReaderLeaves(stream: { isTTY?: boolean; fd?: number }, then: () => void): () => void {
  if (stream.isTTY === true || stream.fd === undefined) return () => undefined;
  const watcher = spawn('tail', ['-f', '/dev/null'], { stdio: ['ignore', stream.fd, 'ignore'] });
  watcher.unref();
  watcher.on('error', () => undefined);
  watcher.on('exit', (_code, signal) => {
    if (signal === 'SIGPIPE') then();
  });
  return () => void watcher.kill();
}
