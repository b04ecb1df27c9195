/**
 * The command that makes and drives hosts, as the README of this folder describes it. Each call is a separate process, which leads a group,
 * so that a script can be stopped with everything that it has started on this side.
 */
import { spawn } from 'node:child_process';
import { collect, type Finished } from '../machine/processes.js';

/** One call of the command. */
export interface HostCall {
  finished: Promise<Finished>;
  /** Kills the call and everything in its process group. */
  kill(): void;
}

/** Limit of the command's own messages; scripts' limits are SSM's. */
const KEEP = { stdout: 100_000, stderr: 100_000 };
/** A command that takes longer hangs. `stop` may wait for systemd's own 90 s. */
const LONGEST_VERB_MS = 180_000;

/** The command has failed. The message holds its last output. */
export class HostCommandError extends Error {
  override name = 'HostCommandError';
}

/** Starts the command with its subcommand and arguments. @param input goes to its standard input */
export function callHost(command: string, args: readonly string[], input = '', keep = KEEP): HostCall {
  // Split by a shell, as Git does with GIT_SSH_COMMAND: a path alone works, `ssh lab host` works as well.
  const child = spawn('sh', ['-c', `exec ${command} "$@"`, 'host', ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A command that does not read its input, or has ended before: its exit code reports that.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const { pid } = child;
  return {
    finished: collect(child, keep),
    kill: () => {
      if (pid === undefined) return;
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    },
  };
}

/** Runs a subcommand to its end. @throws HostCommandError when it fails or takes longer than three minutes */
export async function runVerb(command: string, ...args: string[]): Promise<void> {
  const call = callHost(command, args);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    call.kill();
  }, LONGEST_VERB_MS);
  const { exitCode, stderr, stdout } = await call.finished;
  clearTimeout(timer);
  if (exitCode === 0) return;
  const how = isLate ? `did not end in ${LONGEST_VERB_MS / 1000} s` : `ended with exit code ${exitCode}`;
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-3).join('\n');
  throw new HostCommandError(`the host command's ${args.slice(0, 2).join(' ')} ${how}: ${said || 'it said nothing'}`);
}
