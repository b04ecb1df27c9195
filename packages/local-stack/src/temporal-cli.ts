import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Env } from '../../../src/config/environment.js';

const HINT =
  'install the Temporal CLI (https://docs.temporal.io/cli) so that it is on PATH, or set TEMPORAL_CLI to its path';

/**
 * Finds the Temporal CLI: TEMPORAL_CLI, PATH, or what the checkout's tool script installs into .tools/.
 *
 * @throws Error with a hint when there is none
 */
export async function findTemporalCli(env: Env): Promise<string> {
  const named = env['TEMPORAL_CLI'];
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`TEMPORAL_CLI is ${named}, which is not an executable file: ${HINT}`);
  }
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, 'temporal');
    if (folder !== '' && isExecutable(candidate)) return candidate;
  }
  // Present in a checkout; an installed package has no scripts.
  const script = fileURLToPath(new URL('../../../scripts/tools/temporal.mjs', import.meta.url));
  if (!existsSync(script)) throw new Error(`there is no Temporal CLI: ${HINT}`);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env: { ...env } });
    return stdout.trim();
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(`the Temporal CLI could not be installed: ${stderr.trim()}\n${HINT}`, { cause: error });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
