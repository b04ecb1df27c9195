// Tools that come as Python wheels. Each has a folder below .tools/ and its requirements, pinned with hashes, beside
// this file; nothing is installed outside of the checkout.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const tools = join(here, '..', '..', '.tools');

/**
 * Path of an executable on PATH, or undefined.
 * @param {string} name
 */
export function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return candidate;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * Installs `requirements-<name>.txt` into `.tools/<name>` unless that is there already, and returns its bin folder.
 * Two callers at once wait for each other. Throws with what to do when Python, venv or the registry is missing.
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function pythonTool(name) {
  const requirements = join(here, `requirements-${name}.txt`);
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const folder = join(tools, name);
  const stamp = join(folder, 'requirements.sha256');
  const isThere = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isThere()) return join(folder, 'bin');

  mkdirSync(tools, { recursive: true });
  const release = await lock(`${folder}.lock`);
  try {
    if (isThere()) return join(folder, 'bin');
    const python = onPath('python3');
    if (!python)
      throw new Error(`${name} comes as a Python wheel, and there is no python3 on PATH: install Python 3.10 or newer`);
    rmSync(folder, { recursive: true, force: true });
    await run(
      python,
      ['-m', 'venv', folder],
      `python3 -m venv failed (on Debian and Ubuntu: apt-get install python3-venv)`,
    );
    await run(
      join(folder, 'bin', 'python'),
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--require-hashes',
        '--only-binary=:all:',
        '-r',
        requirements,
      ],
      `pip could not install ${requirements}`,
    );
    writeFileSync(stamp, wanted);
    return join(folder, 'bin');
  } finally {
    release();
  }
}

/** A folder is the lock: making one is atomic everywhere. One left by a killed process is taken over after 5 minutes. */
async function lock(path) {
  for (;;) {
    try {
      mkdirSync(path);
      return () => rmdirSync(path);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const age = existsSync(path) ? Date.now() - statSync(path).mtimeMs : 0;
    if (age > 300_000) rmSync(path, { recursive: true, force: true });
    else await sleep(250);
  }
}

function run(command, args, whatFailed) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => reject(new Error(whatFailed, { cause: error })));
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${whatFailed}:\n${output.trim()}`))));
  });
}
