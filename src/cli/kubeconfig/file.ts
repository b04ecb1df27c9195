import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CliError, EXIT } from '../exit.js';
import { underLocks } from './lock.js';

/** A file and its change; `edit` gets null when it does not exist yet. */
export interface Edit {
  /** Absolute. */
  path: string;
  edit(existing: string | null): string;
}

/**
 * Changes kubeconfig files, all under their locks. It replaces each as a whole, never half written, and only the owner can read it from its
 * first byte on.
 *
 * @throws CliError `invalid` that names the file, or an edit's error
 */
export async function editFiles(edits: readonly Edit[], signal: AbortSignal): Promise<void> {
  const locked = edits.flatMap(({ path }) => [path, followed(path)]);
  try {
    await underLocks(locked, signal, () => {
      // Every edit runs before the first write.
      const texts = edits.map(({ path, edit }) => ({ path, text: naming(path, () => edit(read(path))) }));
      for (const { path, text } of texts) naming(path, () => replace(followed(path), text));
    });
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { path = edits[0]?.path ?? '' } = error as NodeJS.ErrnoException;
    throw unusable(path, error);
  }
}

/** @returns null when there is no such file */
export function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(path, error);
  }
}

/** The temporary file has an unguessable name and is created here or not at all (O_EXCL): it holds a private key. */
function replace(path: string, text: string): void {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    // A umask may have removed bits.
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** A link to the file stays a link. */
function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function naming<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof CliError)) throw unusable(path, error);
    throw new CliError(error.exitCode, `${path}: ${error.message}`, error.hint, { cause: error });
  }
}

const unusable = (path: string, cause: unknown): CliError =>
  new CliError(
    EXIT.invalid,
    `${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
    'name a file that can be written',
    { cause },
  );
