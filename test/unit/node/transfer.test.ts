/** How scripts call curl, under a real bash. Fake: curl, which writes down its arguments. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const argumentsFor = (url: string): string =>
  execFileSync(
    'bash',
    [
      '-c',
      `curl() { cat >/dev/null; printf '%s\\n' "$@" >&2; }; . src/node/lib/transfer.sh; transfer "$1" --location 2>&1`,
      '-',
      url,
    ],
    {
      encoding: 'utf8',
    },
  );

describe('a transfer', () => {
  it.each([
    ['https://mirror.example/k3s', '=https'],
    ['http://mirror.example/k3s', '=http,https'],
  ])('of %s follows redirects to %s only', (url, expected) => {
    expect(argumentsFor(url)).toContain(`--proto-redir\n${expected}\n`);
  });
});
