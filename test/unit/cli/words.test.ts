import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changesText } from '#src/cli/views/changes.js';
import { run } from './io.js';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'keelson-words-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

describe('words that people bring', () => {
  it('create leads to init and apply', async () => {
    const { code, stderr } = await run(['create', 'cluster', '--name', 'shop']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/keelson init NAME[\s\S]*keelson apply -f NAME\.yaml --wait/);
  });

  it('help shows the help of a command', async () => {
    const { code, stdout } = await run(['help', 'status']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: keelson status');
    expect((await run(['help'])).stdout).toContain('Exit codes');
    expect((await run(['help', 'frobnicate'])).code).toBe(2);
  });

  it('version tells it for people and programs', async () => {
    expect((await run(['version'])).stdout).toMatch(/^keelson \d+\.\d+\.\d+\n$/);
    expect(JSON.parse((await run(['version', '-o', 'json'])).stdout)).toMatchObject({
      schemaVersion: 1,
      version: expect.any(String),
    });
  });

  it.each(['get', 'describe', 'logs', 'exec', 'doctor', 'init'])('%s has help with examples', async (word) => {
    const { code, stdout } = await run([word, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Examples:');
  });
});

describe('filters of list', () => {
  it.each([
    { args: ['--phase', 'Runing'], says: /no phase Runing[\s\S]*Running/ },
    { args: ['--health', 'Fine'], says: /no health Fine[\s\S]*Healthy, Degraded, Unhealthy, Unknown/ },
    { args: ['--region', 'mars-1'], says: /mars-1 is not a valid name/ },
  ])('$args are refused before anything is asked', async ({ args, says }) => {
    const { code, stdout, stderr } = await run(['list', ...args], { env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(says);
  });
});

describe('the diff of a document', () => {
  it('shows each field with what it had, gets, and costs', () => {
    const more = { class: 'nothing', wayAround: '' } as const;
    const text = changesText(
      [
        { path: ['spec', 'deletion', 'protect'], from: false, to: true, reason: 'holds at once', ...more },
        { path: ['spec', 'tags', 'team'], from: undefined, to: 'shop', reason: '', ...more },
        { path: ['spec', 'tags', 'old'], from: 'x', to: undefined, reason: '', ...more },
      ],
      createColors(false),
    );
    expect(text.split('\n')).toEqual([
      'Changes of the document:',
      '  ~ spec.deletion.protect: false -> true  # holds at once',
      '  + spec.tags.team: shop',
      '  - spec.tags.old: x',
    ]);
  });
});
