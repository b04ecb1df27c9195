import { readFileSync } from 'node:fs';

/** Returns the version of a K3s stand-in; null for another file. */
export function binaryVersion(path: string): string | null {
  try {
    return /^K3S_STAND_IN_VERSION='([^']+)'$/m.exec(readFileSync(path, 'latin1'))?.[1] ?? null;
  } catch {
    return null;
  }
}
