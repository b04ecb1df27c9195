import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { localEnvFile, parseLocalEnvFile } from './local-env.js';

/** Where a local stack tells of itself, below the folder in which it was started. */
export const ENV_FILE = '.keelson/local.env';

/** Variables of the local stack that the file tells of, if that stack is alive. */
export function readEnvFile(path: string): Record<string, string> | null {
  try {
    const variables = parseLocalEnvFile(readFileSync(path, 'utf8'));
    process.kill(Number(variables['KEELSON_LOCAL_PID']), 0);
    return variables;
  } catch {
    return null;
  }
}

/** Writes the file for this process's stack. @returns removes it again */
export function writeEnvFile(path: string, variables: Readonly<Record<string, string>>): () => void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, localEnvFile(variables, process.pid), { mode: 0o600 });
  return () => rmSync(path, { force: true });
}
