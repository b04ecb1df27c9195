import { PassThrough, Readable } from 'node:stream';
import type { Io } from '#src/cli/io.js';
import { runCli } from '#src/cli/program.js';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  stdin?: string;
}

/** An Io that keeps what is written to it. */
export function captured({ env = {}, cwd = process.cwd(), stdin = '' }: RunOptions = {}): {
  io: Io;
  read: () => Omit<Ran, 'code'>;
} {
  const texts = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof texts): PassThrough => {
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString();
    });
    return stream;
  };
  const io: Io = {
    env,
    cwd,
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    stdin: Readable.from([Buffer.from(stdin)]),
    user: 'tester',
    signal: new AbortController().signal,
  };
  return { io, read: () => ({ ...texts }) };
}

/** Runs a command line as `keelson` would. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { io, read } = captured(options);
  const code = await runCli(args, io);
  return { code, ...read() };
}
