import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DIST, LOCAL_STACK, run } from './fixture.js';

let folder: string;
let stack: ChildProcess;
let output: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-local-'));
  output = '';
  stack = spawn(process.execPath, [`${LOCAL_STACK}main.js`, '--profile', 'fast'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  stack.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await expect.poll(() => output).toMatch(/^ready in .*\n$/);
});
afterEach(async () => {
  if (stack.exitCode === null && stack.signalCode === null) {
    const ended = exited();
    stack.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Process ids of what the stack has started, by their parent; those that have ended but were not waited for are left out. */
function descendants(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const of = (parent: number): number[] =>
    rows.flatMap(([child, ppid, stat]) =>
      Number(ppid) === parent && !stat?.startsWith('Z') ? [Number(child), ...of(Number(child))] : [],
    );
  return of(pid);
}

const alive = (pids: number[]): number[] =>
  pids.filter((pid) => {
    const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
  });

const exited = () => new Promise<number | null>((resolve) => stack.once('exit', resolve));

describe('npm run local', () => {
  it('is found by the CLI in the same folder without any variable set', async () => {
    // Prepare
    const { PATH, HOME } = process.env;

    // Act
    const listed = await run(process.execPath, [`${DIST}bin/keelson.js`, 'list', '-o', 'json'], { PATH, HOME }, folder);
    const second = await run(process.execPath, [`${LOCAL_STACK}main.js`], process.env, folder);

    // Assess
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(listed.stdout)).toEqual({ schemaVersion: 1, items: [] });
    expect(second).toMatchObject({ code: 4, stderr: expect.stringContaining('runs here already') });
  });

  it('goes on with another worker when the worker is killed', async () => {
    // Prepare
    const pid = Number(/worker process (\d+)/.exec(output)?.[1]);

    // Act
    process.kill(pid, 'SIGKILL');

    // Assess
    const said = new RegExp(`worker \\(process ${pid}\\) was killed: process (\\d+) goes on`);
    await expect.poll(() => output).toMatch(said);
    expect(alive([Number(said.exec(output)?.[1])])).toHaveLength(1);
    const listed = await run(process.execPath, [`${DIST}bin/keelson.js`, 'list', '-o', 'json'], process.env, folder);
    expect(listed).toMatchObject({ code: 0 });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends with all that it started at %s, and takes its file away',
    async (signal) => {
      // Prepare
      const pids = descendants(stack.pid ?? 0);
      const ended = exited();

      // Act
      stack.kill(signal);
      const code = await ended;

      // Assess
      expect(pids.length).toBeGreaterThanOrEqual(4);
      expect(code).toBe(0);
      await expect.poll(() => alive(pids)).toEqual([]);
      expect(existsSync(join(folder, '.keelson/local.env'))).toBe(false);
    },
  );

  it('leaves nothing behind when it is killed', async () => {
    // Prepare
    const pids = descendants(stack.pid ?? 0);
    const ended = exited();

    // Act
    stack.kill('SIGKILL');
    await ended;

    // Assess
    expect(pids.length).toBeGreaterThanOrEqual(4);
    await expect.poll(() => alive(pids)).toEqual([]);
  });
});
