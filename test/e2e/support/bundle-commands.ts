import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { PROGRAM } from '../../../scripts/program.mjs';
import build from '../../support/build.js';
import { COMMANDS } from './command-host.js';

const ENTRY = fileURLToPath(new URL('./run-commands.mjs', import.meta.url));

/** Global setup: the built program, and what runs its command lines, bundled as the program is. Nothing is done where neither has changed. */
export default async function bundleCommands(): Promise<void> {
  build();
  const built = readFileSync(fileURLToPath(new URL('../../../dist/build.sha256', import.meta.url)), 'utf8');
  const made = `${built}\n${readFileSync(ENTRY, 'utf8')}`;
  const stamp = join(dirname(COMMANDS), 'made-of');
  if (existsSync(COMMANDS) && existsSync(stamp) && readFileSync(stamp, 'utf8') === made) return;
  await bundle({ ...PROGRAM, entryPoints: { 'run-commands': ENTRY }, outdir: dirname(COMMANDS), splitting: true });
  writeFileSync(stamp, made);
}
