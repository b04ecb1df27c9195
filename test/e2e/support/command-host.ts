import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What the host says of a command line: text that it has written, or its end. */
type Said = { id: number } & ({ name: 'stdout' | 'stderr'; text: string } | { code: number });

interface Running {
  ran: Ran;
  end: (code: number | null) => void;
}

export interface CommandHost {
  /** Runs `keelson` with these arguments; one that goes on beyond the limit is ended with the host. */
  run(args: readonly string[], limitMs: number): Promise<Ran>;
  close(): Promise<void>;
}

/** What `run-commands.mjs` is bundled to, as deep as `dist/bin`: the program finds its package from where it lies. [bundle-commands.ts] */
export const COMMANDS = fileURLToPath(new URL('../../../dist/test-bin/run-commands.js', import.meta.url));

/**
 * A process that runs the command lines of a test file. Most of what a command computes is reading the program: 0.4 s of 0.5. How the program starts and
 * ends as a process of its own is what `cli.test.ts`, `pages.test.ts`, `tour.test.ts` and `installed.test.ts` test. [docs/adr/0088]
 */
export function createCommandHost(env: Readonly<Record<string, string | undefined>>, cwd: string): CommandHost {
  const running = new Map<number, Running>();
  let child: ChildProcess | null = null;
  let count = 0;

  const started = (): ChildProcess => {
    if (child !== null) return child;
    const host = fork(COMMANDS, [], { env, cwd, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    // What no command has written belongs to each that runs: a warning, or the reason why the host has ended.
    host.stderr?.on('data', (chunk: Buffer) => {
      for (const { ran } of running.values()) ran.stderr += chunk.toString();
    });
    host.on('message', (said: Said) => {
      const one = running.get(said.id);
      if ('code' in said) one?.end(said.code);
      else if (one !== undefined) one.ran[said.name] += said.text;
    });
    host.once('exit', (code) => {
      if (child === host) child = null;
      for (const { end } of running.values()) end(code);
    });
    child = host;
    return host;
  };

  return {
    run(args, limitMs) {
      const host = started();
      count += 1;
      const id = count;
      return new Promise((resolve) => {
        const ran: Ran = { code: null, stdout: '', stderr: '' };
        const timer = setTimeout(() => host.kill('SIGKILL'), limitMs);
        const end = (code: number | null): void => {
          clearTimeout(timer);
          running.delete(id);
          resolve({ ...ran, code });
        };
        running.set(id, { ran, end });
        host.send({ id, args });
      });
    },
    async close() {
      if (child === null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
