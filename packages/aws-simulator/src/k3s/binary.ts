/** The K3s "binary" of the simulator: a script that carries its version and asks the simulator for everything else. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('stand-ins/k3s', import.meta.url));
let text: string | undefined;

/** Returns the mirror's files `k3s` (amd64) and `k3s-arm64`: the same version always has the same bytes. */
export function standInBinary(version: string, arch: 'amd64' | 'arm64'): Buffer {
  text ??= readFileSync(FILE, 'utf8');
  return Buffer.from(text.replace('@VERSION@', version.replace(/[^\w.+-]/g, '')).replace('@ARCH@', arch));
}
