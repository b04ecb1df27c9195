import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { Env } from '../../config/environment.js';
import { read } from './file.js';
import { hasContext } from './merge.js';

export interface Location {
  /** The file that gets the entries. */
  path: string;
  /** The file that gets the current context. */
  current: string;
}

/**
 * Returns the file of a merge without one: the file that `kubectl config` would write. Existing entries change in place; new ones go to the
 * first existing file of KUBECONFIG, else to its last, and the current context likewise. [client-go: config.go, GetDefaultFilename]
 */
export function defaultLocation(env: Env, cwd: string, name: string): Location {
  const files = (env['KUBECONFIG'] ?? '')
    .split(delimiter)
    .filter((one) => one !== '')
    .map((one) => resolve(cwd, one));
  const home = join(env['HOME'] || homedir(), '.kube', 'config');
  const current = files.find((one) => existsSync(one)) ?? files.at(-1) ?? home;
  const holder = files.find((one) => {
    const text = read(one);
    return text !== null && text.trim() !== '' && hasContext(text, name);
  });
  return { path: holder ?? current, current };
}
