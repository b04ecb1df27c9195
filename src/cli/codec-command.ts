import { type Command, InvalidArgumentError } from 'commander';
import type { Runner } from './command-kit.js';

function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65_535) throw new InvalidArgumentError('0 to 65535.');
  return number;
}

function origin(value: string, before: string[] | undefined): string[] {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.origin !== value)
    throw new InvalidArgumentError('an origin such as https://temporal.example.com, without a path.');
  return [...(before ?? []), value];
}

/** `keelson codec-server`. */
export function codecCommand(program: Command, run: Runner): void {
  program
    .command('codec-server')
    .description('decrypt payloads for the Temporal Web UI in your browser, until Ctrl-C')
    .option('--port <port>', 'port on 127.0.0.1; 0 takes any free one', port, 8081)
    .option('--allow-origin <url>', 'origin of a Web UI whose pages may ask (repeatable; default: local ones)', origin)
    .addHelpText(
      'after',
      '\nExamples:\n  keelson codec-server\n  keelson codec-server --allow-origin https://temporal.example.com',
    )
    .action((options: { port: number; allowOrigin?: string[] }) =>
      run(async (session) => (await import('./commands/codec-server.js')).serveCodec(session, options)),
    );
}
