import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Global setup of tests that run what is built: a file that is run alone is of the sources of today, too. Without a change it takes a quarter of a second. */
export default function build(): void {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  execFileSync(process.execPath, [script], { stdio: 'inherit' });
}
