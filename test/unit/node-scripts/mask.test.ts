/** What of a job's log leaves the node, under a real bash. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobResult } from '#src/activities/ssm/job-result.js';
import { RESULT_FAMILIES, RESULT_KEYS, reported } from '#src/node-scripts/results.js';
import { NODE_SCRIPTS, scriptText } from '#src/node-scripts/scripts.js';
import { TestNode } from './support/node.js';

const PASSWORD = '0123456789abcdef0123456789abcdef';
const TOKEN = `K10${'a1'.repeat(32)}::server:${PASSWORD}`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
  node.write('var/lib/rancher/k3s/server/token', `${TOKEN}\n`);
});
afterEach(() => node.destroy());

async function leaves(text: string): Promise<string> {
  node.write('text', text);
  const end = await node.job('says', 'cat "$R/text"; exit 1').ended;
  return end.stdout + readFileSync(node.jobFile('says', 'log'), 'utf8');
}

describe('the log of a job', () => {
  it.each([
    ['a token in upper case', TOKEN.toUpperCase(), /0123456789ABCDEF/],
    ['a known token in base64', base64(TOKEN), new RegExp(base64(TOKEN).slice(8, 40))],
    ['a known token over two lines', `${TOKEN.slice(0, 90)}\n${TOKEN.slice(90)}`, /0123456789abcdef|abcdef0123456789/],
    ['a Basic header', `Authorization: Basic ${base64('server:x-y-z-1-2-3')}`, new RegExp(base64('server:x-y-z'))],
    [
      'a private key',
      '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIhQ3u\nk5JkZk1Yx0h=\n-----END EC PRIVATE KEY-----',
      /MHcCAQ|k5Jk/,
    ],
    ['a private key without its end', '-----BEGIN PRIVATE KEY-----\nMHcCAQEEIIhQ3u', /MHcCAQ/],
    ['a private key in JSON', '{"client-key-data":"c2VjcmV0LWtleQ=="}', /c2VjcmV0/],
    ['a signature alone', 'wrong X-Amz-Signature=5ec4e75ec4e7', /5ec4e7/],
    ['a session token', 'AWS_SESSION_TOKEN=IQoJb3JpZ2luX2Vj', /IQoJ/],
  ])('does not tell %s', async (_, text, secret) => {
    // Act
    const left = await leaves(`before\n${text}\nafter it\n`);
    // Assess
    expect(text).toMatch(secret);
    expect(left).not.toMatch(secret);
    expect(left).toContain('before');
    expect(left).toContain('after it');
  });

  it.each([8, 9, 10, 1_999])(
    'does not tell a known value of %i bytes in base64, whatever follows it',
    async (bytes) => {
      // Prepare
      const value = [...Array(bytes).keys()].map((n) => String.fromCharCode(33 + ((n * 7) % 90))).join('');
      node.write('var/lib/rancher/k3s/server/agent-token', value.replaceAll('=', '~'));
      const told = base64(`${value.replaceAll('=', '~')}:password`);
      // Act
      const left = await leaves(`before ${told}\n`);
      // Assess
      expect(left).toContain(`before <masked>${told.slice(Math.floor((bytes * 4) / 3))}\n`);
    },
  );

  it('is masked before it is cut: no half of a token is left of a line that is longer than what is read', async () => {
    // Prepare: the last 100,000 bytes begin within the token.
    const line = `${'x'.repeat(200)}${TOKEN}${'y'.repeat(100_000 - PASSWORD.length / 2)}`;
    // Act
    node.write('text', line);
    const long = await node.job('long', 'cat "$R/text"; echo; echo after; exit 1').ended;
    // Assess
    expect(long.job.logTail).toMatch(/^after\nerror/);
    expect(long.stdout).not.toMatch(/cdef0123456789abcdef|89abcdef/);
  });
});

describe('what SSM tells of a command whose runner gave no report', () => {
  it('is masked as a log is', () => {
    // Act
    const { logTail } = jobResult('i-1', 'j', {
      status: 'ended',
      word: 'Failed',
      exitCode: 1,
      stdout: `token ${TOKEN} \u001b[2J`,
      stderr: 'curl: https://b.s3.amazonaws.com/k?X-Amz-Signature=5ec4e7 failed',
    });
    // Assess
    expect(logTail).toBe('token <masked> \\u{1b}[2J\ncurl: <masked> failed');
  });
});

describe('the results of a job', () => {
  it('are those of the list, which has every key that a script reports', () => {
    // Prepare
    const keys = NODE_SCRIPTS.flatMap((script) =>
      [
        ...scriptText(script).matchAll(/(?:^|[;&|({]|\bthen|\belse|\bdo)\s*result ([a-z][a-z-]*(?=[ .])|"[a-z]+\.)/gm),
      ].map(([, key = '']) => key.replace(/^"(.*)\.$/, '$1')),
    );
    // Assess
    expect(keys.length).toBeGreaterThan(20);
    expect(keys.filter((key) => !RESULT_KEYS.includes(key) && !RESULT_FAMILIES.includes(key))).toEqual([]);
  });

  it('carry nothing else, and codes that are codes', () => {
    const told = { ready: 'true', secret: 'x', 'node.a': 'True', 'nodes.a': 'x', code: 'NodeAbsent' };
    expect(reported(told)).toEqual({ ready: 'true', 'node.a': 'True', code: 'NodeAbsent' });
    expect(reported({ code: 'Bad\\u{1b}' })).toEqual({});
  });
});
