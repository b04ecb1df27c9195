#!/usr/bin/env node
import './config/quiet-aws.js';
import type { Io } from './cli/io.js';
import { runCli } from './cli/program.js';
import { userName } from './cli/user.js';

const interrupted = new AbortController();
/** Time for an orderly end; then it is cut off. */
const GRACE_MS = 5_000;
const INTERRUPTED = 130;
// The first Ctrl-C ends a wait in order; a second one ends the program. The listener stays: without any, the package that hides the cursor
// takes itself for the last one and kills the process. [restore-cursor, signal-exit]
process.on('SIGINT', () => {
  if (interrupted.signal.aborted) process.exit(INTERRUPTED);
  interrupted.abort();
  setTimeout(() => process.exit(INTERRUPTED), GRACE_MS).unref();
});
// `keelson list | head` is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const io: Io = {
  env: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  user: userName(),
  signal: interrupted.signal,
};

process.exitCode = await runCli(process.argv.slice(2), io);
