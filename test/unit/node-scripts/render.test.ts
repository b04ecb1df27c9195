/** Rendered texts, and that values pass through a real sh and bash unchanged. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseJobOutput, renderCommand, renderFounding, renderJob, renderUserData } from '#src/node-scripts/render.js';
import { jobPreamble, NODE_SCRIPTS } from '#src/node-scripts/scripts.js';
import { assignments } from '#src/node-scripts/shell.js';
import { TestNode } from './support/node.js';

const JOB = { jobId: 'j', params: {}, timeoutSeconds: 60 };

describe('quoting', () => {
  let node: TestNode;
  beforeEach(() => {
    node = new TestNode();
  });
  afterEach(() => node.destroy());

  it('brings any value to the script as it is', async () => {
    const nasty = fc.constantFrom(
      "'",
      '"',
      '\\',
      '$(id)',
      '`id`',
      '\n',
      '\r',
      '\t',
      ' ',
      '!',
      '%s',
      '\u0081',
      'é',
      '#',
      '*',
      '~',
    );
    const value = fc
      .array(fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 12 })), { maxLength: 12 })
      .map((parts) => parts.join('').replaceAll('\0', ''));
    const values = fc.array(value, { minLength: 8, maxLength: 16 });
    let run = 0;

    await fc.assert(
      fc.asyncProperty(values, async (sent) => {
        run += 1;
        const params = Object.fromEntries(sent.map((text, index) => [`V${index}`, text]));
        const prints = sent.map((_, index) => `printf '%s\\0' "$V${index}" >>"$R/got-${run}"`).join('\n');
        const text = `${assignments(params)}${jobPreamble()}${prints}\n`;

        const end = await node.start(renderJob({ jobId: `q${run}`, timeoutSeconds: 20 }, text)).ended;

        expect(end.job.outcome).toBe('done');
        expect(
          readFileSync(node.path(`got-${run}`), 'utf8')
            .split('\0')
            .slice(0, -1),
        ).toEqual(sent);
      }),
      { numRuns: 20, seed: 4 },
    );
  });
});

describe('renderCommand', () => {
  // A document of SSM has at most 64 KiB. [docs: Systems Manager quotas]
  it('is small enough for SSM, for every script, with three URLs sealed', () => {
    const sealed = 'x'.repeat(8_000);
    for (const script of NODE_SCRIPTS) {
      const command = { ...JOB, script, params: { CONFIG: 'x'.repeat(4000) }, urls: ['TOKEN_PUT'], sealed };
      expect(renderCommand(command).length).toBeLessThan(62_000);
    }
  });

  it('is the same for the same input, so that a repetition can be recognized', () => {
    const input = { ...JOB, script: 'verify', params: { A: '1' } };

    expect(renderCommand(input)).toBe(renderCommand(input));
  });

  it.each([
    ['a job id with a slash', { jobId: '../j' }],
    ['a job id of 101 characters', { jobId: 'j'.repeat(101) }],
    ['a lock that is a path', { lock: '..' }],
    ['a script that is none', { script: 'format-disk' }],
    ['a helper as script', { script: 'lib/job' }],
    ['a lower-case variable', { params: { name: 'x' } }],
    ['a variable of the shell', { params: { PATH: 'x' } }],
    ['a variable of the scripts', { params: { KEELSON_ROOT: 'x' } }],
    ['a NUL', { params: { A: 'a\0b' } }],
    ['no time', { timeoutSeconds: 0 }],
    ['half a second', { timeoutSeconds: 0.5 }],
    ['a URL with a name of the shell', { urls: ['PATH'] }],
  ])('refuses %s', (_, wrong) => {
    expect(() => renderCommand({ ...JOB, script: 'verify', ...wrong })).toThrow();
  });
});

describe('renderUserData', () => {
  const input = { version: 'v1.34.2+k3s1', mirror: 'https://mirror.example/k3s', architecture: 'arm64' } as const;

  it('is a script for cloud-init within the limit of EC2', () => {
    const text = renderUserData({ ...input, sha256: 'a'.repeat(64) });

    expect(text.startsWith('#!/bin/bash\n')).toBe(true);
    expect(text).toContain("K3S_VERSION='v1.34.2+k3s1'");
    expect(Buffer.byteLength(text)).toBeLessThan(16_384);
  });

  it('refuses what would not fit', () => {
    expect(() => renderUserData({ ...input, mirror: `https://${'m'.repeat(16_384)}` })).toThrow(/16384/);
  });
});

describe('renderFounding', () => {
  const input = {
    version: 'v1.34.2+k3s1',
    mirror: 'https://mirror.example/k3s',
    architecture: 'amd64',
    nodeName: 'demo-server-0-g1',
    config: 'cluster-init: true\n',
    key: '0123456789abcdef',
  } as const;
  const unpacked = (text: string | null): string => gunzipSync(Buffer.from(text ?? '', 'base64')).toString('utf8');

  it('is one gzip file of a script, within the limit of EC2 with a long configuration', () => {
    const text = renderFounding({
      ...input,
      config: `cluster-init: true\n${'x'.repeat(4_000)}\n`,
      sha256: 'a'.repeat(64),
    });

    expect(unpacked(text)).toMatch(
      /^#!\/bin\/bash\n# Keelson: founds a cluster with K3s v1\.34\.2\+k3s1\nK3S_VERSION=/,
    );
    expect(Buffer.from(text ?? '', 'base64').length).toBeLessThan(16_384);
  });

  it('is the same for the same input, because a launch without an answer is repeated word for word', () => {
    expect(renderFounding(input)).toBe(renderFounding(input));
  });

  it('brings no token: the node makes them', () => {
    expect(unpacked(renderFounding(input))).not.toMatch(/^(TOKEN|AGENT_TOKEN|URLS)|X-Amz|K10[0-9a-f]/m);
  });

  it('is none where it does not fit', () => {
    expect(renderFounding({ ...input, config: randomBytes(20_000).toString('hex') })).toBeNull();
  });
});

describe('parseJobOutput', () => {
  it('reads outcome, results and log', () => {
    const stdout =
      'noise\nkeelson-job id=a-1 outcome=failed exit=3\nkeelson-result\na=1\nb=x=y\na=2\nkeelson-log\none\n\nkeelson-log\n';

    expect(parseJobOutput(stdout)).toEqual({
      jobId: 'a-1',
      outcome: 'failed',
      exitCode: 3,
      result: { a: '2', b: 'x=y' },
      logTail: 'one\n\nkeelson-log',
    });
  });

  it('reads a report that was cut', () => {
    const cut = 'keelson-job id=a outcome=interrupted exit=-\nkeelson-result\na=';

    expect(parseJobOutput(cut)).toMatchObject({
      outcome: 'interrupted',
      exitCode: null,
      result: { a: '' },
      logTail: '',
    });
  });

  it.each(['', 'bash: not found', 'keelson-job id=a outcome=odd exit=1', 'keelson-job id=a'])(
    'says that there is none in "%s"',
    (stdout) => {
      expect(parseJobOutput(stdout)).toBeNull();
    },
  );
});

describe('an image without bash', () => {
  it('is said in a report, because the runner that makes reports is bash', () => {
    const command = renderCommand({ jobId: 'job-1', script: 'verify', params: {}, timeoutSeconds: 5 });

    const { stdout, status } = spawnSync('/bin/sh', ['-c', command], {
      env: { PATH: '/nonexistent' },
      encoding: 'utf8',
    });

    expect(status).toBe(1);
    expect(parseJobOutput(stdout)).toMatchObject({
      jobId: 'job-1',
      outcome: 'failed',
      result: { code: 'ToolMissing' },
    });
    expect(parseJobOutput(stdout)?.logTail).toMatch(/this image lacks: bash/);
  });
});
