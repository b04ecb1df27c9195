import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPTS = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts;
/** Those that build first and then run a program: a shell stands between npm and the program. */
const PROGRAMS = Object.keys(SCRIPTS).filter((name) => SCRIPTS[name]?.includes('&&'));

let folder: string;
let npm: ChildProcess;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-npm-'));
  const scripts = { ...SCRIPTS, build: 'true' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'scripts', type: 'module', scripts }));
  // In place of each program, one that says its process id and stays.
  const bin = join(folder, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  for (const name of ['tsx', 'vitest']) {
    writeFileSync(join(bin, name), '#!/bin/sh\necho $$ > pid.new && mv pid.new pid\nexec sleep 60\n');
    chmodSync(join(bin, name), 0o755);
  }
  for (const path of Object.values(SCRIPTS).flatMap((script) => /&& .*node (\S+js)/.exec(script)?.[1] ?? [])) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(
      join(folder, path),
      "import { renameSync, writeFileSync } from 'node:fs';\nwriteFileSync('pid.new', String(process.pid));\nrenameSync('pid.new', 'pid');\nsetTimeout(() => {}, 60_000);\n",
    );
  }
});
afterEach(() => {
  npm.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A process that has ended and was not waited for still has an id [proc(5)].
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('SIGTERM to npm, as supervisors and CI send it', () => {
  it.each(PROGRAMS)('ends what `npm run %s` has started', async (name) => {
    // Prepare
    npm = spawn('npm', ['run', '--silent', name], { cwd: folder, stdio: 'ignore' });
    await expect.poll(() => existsSync(join(folder, 'pid'))).toBe(true);
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    expect(runs(pid)).toBe(true);

    // Act
    npm.kill('SIGTERM');

    // Assess
    try {
      await expect.poll(() => runs(pid)).toBe(false);
    } finally {
      if (runs(pid)) process.kill(pid, 'SIGKILL');
    }
  });
});
