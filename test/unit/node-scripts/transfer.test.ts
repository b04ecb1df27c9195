/** How scripts call curl, under a real bash. Fake: curl, which writes down its arguments. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const argumentsFor = (url: string): string =>
  execFileSync(
    'bash',
    [
      '-c',
      `curl() { cat >/dev/null; printf '%s\\n' "$@" >&2; }; . src/node-scripts/lib/transfer.sh; transfer "$1" --location 2>&1`,
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

/** The code that a job ends with when curl and the server answered so. */
const codeOf = (status: string, exit: number): string =>
  execFileSync(
    'bash',
    [
      '-c',
      `fail() { printf '%s' "$1"; exit 0; }; . src/node-scripts/lib/transfer.sh; curl_exit=$1 http_status=$2; transfer_failed backup Bucket BucketMissing ''`,
      '-',
      String(exit),
      status,
    ],
    { encoding: 'utf8' },
  );

describe('a transfer that the bucket does not take', () => {
  it.each([
    ['507', 22, 'BucketFull'],
    ['404', 22, 'BucketMissing'],
    ['403', 22, 'BucketRefused'],
    ['412', 22, 'BucketChanged'],
    ['000', 7, 'BucketUnreachable'],
  ])('HTTP %s, curl %i: %s', (status, exit, code) => {
    expect(codeOf(status, exit)).toBe(code);
  });
});
