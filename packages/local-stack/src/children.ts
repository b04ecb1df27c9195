import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const GRACE_MS = 15_000;

export interface ChildOptions {
  name: string;
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Takes stderr, and stdout where that is not read. */
  logFile: string;
  /** Called with stdout as it comes. */
  onOutput?: (text: string) => void;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended: its exit code, or null after a signal. */
  readonly ended: Promise<number | null>;
  isRunning(): boolean;
  /** The end of its log, for messages about a child that failed. */
  logTail(lines?: number): string;
  kill(signal: NodeJS.Signals): void;
  /** TERM, then KILL of its process group when it does not end in time. */
  stop(): Promise<void>;
}

export interface Children {
  start(options: ChildOptions): Child;
  /** Stops all, the last one started first. */
  stop(): Promise<void>;
}

/**
 * Processes that end with this one. Each leads a process group of its own, so that a Ctrl-C reaches us alone and we end them
 * in order; a guard process ends them if we are killed before we can.
 */
export function createChildren(): Children {
  const running: Child[] = [];
  const guard = startGuard();
  return {
    start(options) {
      const child = startChild(options);
      running.push(child);
      guard.stdin?.write(`+${child.pid}\n`);
      void child.ended.then(() => guard.stdin?.write(`-${child.pid}\n`));
      return child;
    },
    async stop() {
      for (const child of running.reverse()) await child.stop();
      guard.stdin?.end();
    },
  };
}

function startGuard(): ChildProcess {
  // The built one, also where this file runs from source, as in tests and benchmarks.
  const script = fileURLToPath(new URL('../dist/guard-process.js', import.meta.url));
  const guard = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // It may end first; writing to it is then in vain and harms nothing.
  guard.stdin?.on('error', () => undefined);
  guard.on('error', () => undefined);
  guard.unref();
  return guard;
}

function startChild({ name, command, args, env, logFile, onOutput }: ChildOptions): Child {
  const log = openSync(logFile, 'a');
  const stdout = onOutput === undefined ? log : 'pipe';
  const child = spawn(command, args, { env, stdio: ['ignore', stdout, log], detached: true });
  closeSync(log);
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });
  if (onOutput !== undefined) child.stdout?.setEncoding('utf8').on('data', onOutput);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name}: ${command} could not be started`);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = (signal: NodeJS.Signals): void => {
    if (isRunning()) signalGroup(pid, signal);
  };
  return {
    name,
    pid,
    ended,
    isRunning,
    kill,
    logTail: (lines = 15) => tail(logFile, lines),
    async stop() {
      if (!isRunning()) return;
      kill('SIGTERM');
      const timer = setTimeout(() => kill('SIGKILL'), GRACE_MS);
      await ended;
      clearTimeout(timer);
      // What it has left behind in its group.
      signalGroup(pid, 'SIGKILL');
    },
  };
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // All of it has ended.
  }
}

function tail(file: string, lines: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return `(no ${basename(file)})`;
  }
}
