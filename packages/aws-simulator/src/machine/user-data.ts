/** User data as cloud-init treats it: a text that begins with `#!` runs once, at the first boot of the instance. */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { MachineFolder } from './folder.js';
import type { Processes } from './processes.js';

const KEEP = { stdout: 200_000, stderr: 200_000 };

/** Returns the text of the user data: as given, or decoded from base64, and decompressed where all of it is one gzip file. [cloud-init: user-data formats] */
export function decodeUserData(userData: string): string {
  if (userData === '' || userData.startsWith('#')) return userData;
  const bytes = Buffer.from(userData, 'base64');
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** Returns it as EC2 shows it: in base64, whatever it is. */
export const encodeUserData = (userData: string): string =>
  userData.startsWith('H4sI') ? userData : Buffer.from(userData).toString('base64');

/**
 * Runs the user data unless it has run on this disk before. Its output goes to var/log/cloud-init-output.log.
 * @returns exit code, or null if there was nothing to run or the machine went down meanwhile.
 */
export async function runUserData(
  folder: MachineFolder,
  processes: Processes,
  userData: string,
): Promise<number | null> {
  const dir = join(folder.root, 'var/lib/cloud/instance');
  const done = join(dir, 'boot-finished');
  const text = decodeUserData(userData);
  if (existsSync(done) || !text.startsWith('#!')) return null;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const script = join(dir, 'user-data');
  writeFileSync(script, text, { mode: 0o700 });
  // Written before the run: cloud-init's per-instance semaphore is, too, so a reboot in the middle does not repeat it.
  writeFileSync(done, `${new Date().toISOString()}\n`);
  // An image without bash cannot run it: 127, as from a shell.
  const run = /^#!.*\bbash\b/.test(text)
    ? processes.start('sh', ['-c', 'exec bash "$0"', script], KEEP)
    : processes.start('sh', [script], KEEP);
  const finished = await run.finished;
  const log = join(folder.root, 'var/log/cloud-init-output.log');
  if (existsSync(folder.root)) appendFileSync(log, finished.stdout + finished.stderr);
  return finished.exitCode;
}
