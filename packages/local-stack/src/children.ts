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
  /** Receives stderr, and stdout if nothing reads that. */
  logFile: string;
  /** Called with stdout as it comes. */
  onOutput?: (text: string) => void;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves at its end: the exit code, or null after a signal. */
  readonly ended: Promise<number | null>;
  isRunning(): boolean;
  /** Returns the end of its log, for messages about a child that failed. */
  logTail(lines?: number): string;
  kill(signal: NodeJS.Signals): void;
  /** TERM, then KILL for its process group when it does not end in time. */
  stop(): Promise<void>;
}

export interface Children {
  start(options: ChildOptions): Child;
  /** Stops all, the last one started first. */
  stop(): Promise<void>;
}

/**
 * Processes that end with this one. Each leads its own process group, so that a Ctrl-C reaches this process alone, which ends them in
 * order; a guard process ends them if this one is killed before.
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
  // The built file, also when this one runs from source, as in tests and benchmarks.
  const script = fileURLToPath(new URL('../dist/guard-process.js', import.meta.url));
  const guard = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // It may end first; a write to it then fails harmlessly.
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
      // The rest of its group.
      signalGroup(pid, 'SIGKILL');
    },
  };
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // All processes have ended.
  }
}

function tail(file: string, lines: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return `(no ${basename(file)})`;
  }
}
