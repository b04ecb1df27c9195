import { readFileSync } from 'node:fs';

/** Keelson's version, from the package.json two folders up: true for src/ and for dist/. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
