import { spawn } from 'node:child_process';

/**
 * Calls back when the reader of a pipe leaves, as in `keelson events NAME --watch | head -1`. Node tells of it with the next write only, which
 * may come hours later. GNU tail watches its own output and ends by SIGPIPE; where there is none nothing is called back, and the next write ends the
 * program. [coreutils 8.28: tail]
 *
 * @param stream a terminal or a file has no reader that leaves: nothing is done
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
