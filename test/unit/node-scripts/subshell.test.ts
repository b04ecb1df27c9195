/** A subshell that is ended while it is born has the traps of its script: a hook that ended at once took the temporary files of its job with it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const BASE = fileURLToPath(new URL('../../../src/node-scripts/lib/base.sh', import.meta.url));

let job: string;
beforeEach(() => {
  job = mkdtempSync(join(tmpdir(), 'keelson-job-'));
  mkdirSync(join(job, 'tmp'));
});
afterEach(() => rmSync(job, { recursive: true, force: true }));

/** Runs lines behind the base of all scripts, and says what is left of the temporary folder before the script itself ends. */
function left(lines: string): string {
  const script = `. "$BASE"\n${lines}\nif [ -d "$KEELSON_JOB/tmp" ]; then echo kept; else echo gone; fi\n`;
  const ran = spawnSync('bash', ['-c', script], { env: { ...process.env, BASE, KEELSON_JOB: job }, encoding: 'utf8' });
  return ran.stdout + ran.stderr;
}

it.each([
  ['that ends as a script does', '(on_exit)'],
  ['that is ended while it waits', 'waiting_for=something; (trap on_exit EXIT; on_term) || true'],
])('leaves the temporary files to its script, and says nothing: a subshell %s', (_, lines) => {
  expect(left(lines)).toBe('kept\n');
});

it('are removed at the end of the script itself', () => {
  const end = '(: >"$KEELSON_JOB/tmp/file"); on_exit';
  expect(left(end)).toBe('gone\n');
});
