import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOCAL_STACK } from './fixture.js';

const TOUR = fileURLToPath(new URL('../../examples/tour.sh', import.meta.url));

let folder: string;
let local: ChildProcess;
let region: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-tour-'));
  local = spawn(process.execPath, [`${LOCAL_STACK}main.js`, '--profile', 'fast'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  local.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await expect.poll(() => output).toMatch(/^ready in .*\n$/);
  region = /region (http:\S+?);/.exec(output)?.[1] ?? '';
});
afterEach(async () => {
  const ended = new Promise((resolve) => local.once('exit', resolve));
  if (local.exitCode === null && local.kill('SIGTERM')) await ended;
  rmSync(folder, { recursive: true, force: true });
});

const ask = async (path: string): Promise<unknown> => (await fetch(`${region}/_region/${path}`)).json();

/** Runs the tour; what it prints on stderr, stdout and its end. */
function tour(): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { ...process.env, KEELSON_LOCAL_ENV: join(folder, '.keelson/local.env') };
  const child = spawn(TOUR, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ran = { code: null as number | null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    ran.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    ran.stderr += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...ran, code }));
  });
}

describe('the tour of a whole life against npm run local', () => {
  it('shows each state on its way and leaves nothing behind', async () => {
    // Act
    const { code, stdout, stderr } = await tour();

    // Assess
    expect({ code, end: stderr.split('\n').slice(-6) }).toMatchObject({ code: 0 });
    const phases = [...stdout.matchAll(/^tour-\d+ \(.*?\): (\w+),/gm)].map((match) => match[1]);
    expect(phases.filter((phase, index) => phase !== phases[index - 1])).toEqual(['Running', 'Stopped', 'Running']);
    for (const kind of ['create', 'resize', 'stop', 'start', 'update']) {
      expect(stdout).toMatch(new RegExp(`^${kind} op-\\w+: done, `, 'm'));
    }
    expect(stdout).toMatch(/^left in the region: .*"total":0/m);
    expect(await ask('leftovers')).toMatchObject({ instances: [], volumes: [], securityGroups: [], keys: [] });
    expect(await ask('duplicates')).toEqual([]);
  });
});
