// Tools that tests install for themselves, by the name of what they are.
import { join } from 'node:path';
import { pythonTool } from './python.mjs';

/**
 * Installs moto 5.2.5 into .tools/moto unless it is there, and returns the path of `moto_server`.
 * @returns {Promise<string>}
 */
export async function ensureMoto() {
  return join(await pythonTool('moto'), 'moto_server');
}
