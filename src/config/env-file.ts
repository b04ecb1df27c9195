import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LOCAL_PID, localEnvFile, problemOf, readLocalEnvFile } from './local-env.js';

/** File in which a local stack describes itself, below the folder of its start. */
export const ENV_FILE = '.keelson/local.env';

/** Keelson's has 2 KiB. */
const MAX_BYTES = 16 * 1024;

/**
 * Returns the variables of the local stack in the file, if that stack runs. A command reads the file in the folder in which it runs, so the
 * file counts only in the form in which the local stack writes it: a regular file of this user with mode 0600, no variable but the stack's,
 * and no address but loopback. AWS_CONFIG_FILE, say, would name a program to run.
 *
 * @param warn gets the reason why an existing file does not count; not for a stack that has ended
 */
export function readEnvFile(
  path: string,
  warn: (line: string) => void = () => undefined,
): Record<string, string> | null {
  const ignored = (reason: string): null => {
    warn(`${path} is ignored: ${reason}`);
    return null;
  };
  const read = readOwn(path);
  if (read === null) return null;
  if ('problem' in read) return ignored(read.problem);
  const variables = readLocalEnvFile(read.text);
  if (variables === null) return ignored('it has lines that `npm run local` does not write');
  const problem = problemOf(variables);
  if (problem !== null) return ignored(problem);
  return isAlive(Number(variables[LOCAL_PID])) ? variables : null;
}

/** Writes the file for this process's stack. @returns a function that removes it again */
export function writeEnvFile(path: string, variables: Readonly<Record<string, string>>): () => void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // An earlier file may be a link, or open to others: its mode would stay.
  rmSync(path, { force: true });
  writeFileSync(path, localEnvFile(variables, process.pid), { mode: 0o600, flag: 'wx' });
  return () => rmSync(path, { force: true });
}

/** @returns null when there is no file */
function readOwn(path: string): { text: string } | { problem: string } | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    return { problem: code === 'ELOOP' ? 'it is a symbolic link' : `it cannot be read (${code})` };
  }
  try {
    const { mode, size, uid } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) return { problem: 'it is not a regular file' };
    if (process.getuid !== undefined && uid !== process.getuid())
      return { problem: `it belongs to another user (uid ${uid})` };
    if ((mode & 0o077) !== 0)
      return { problem: `its mode is ${(mode & 0o777).toString(8).padStart(4, '0')}, not 0600` };
    if (size > MAX_BYTES) return { problem: `it is larger than ${MAX_BYTES / 1024} KiB` };
    return { text: readFileSync(file, 'utf8') };
  } finally {
    closeSync(file);
  }
}

/** Returns whether the process exists. One of another user is not this user's stack: the system refuses the question (EPERM). */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
