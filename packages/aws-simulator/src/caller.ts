/**
 * Finds the instance of a connection: its processes carry their root in the environment. Linux only, by /proc; elsewhere the caller stays
 * unknown, and a download is recorded without its instance.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** @param dir the region's folder. @returns the instance's id, or null when the caller is none or cannot be identified */
export function callingInstance(dir: string, callerPort: number, ourPort: number): string | null {
  if (process.platform !== 'linux') return null;
  try {
    const inode = socketInode(callerPort, ourPort);
    return inode === null ? null : holderOf(`socket:[${inode}]`, join(dir, 'instances'));
  } catch {
    return null;
  }
}

function socketInode(from: number, to: number): string | null {
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const [, local = '', remote = '', , , , , , , inode = ''] = line.trim().split(/\s+/);
    if (portOf(local) === from && portOf(remote) === to) return inode;
  }
  return null;
}

function holderOf(socket: string, instances: string): string | null {
  const mark = `KEELSON_ROOT=${instances}/`;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const root = rootOf(pid, mark);
    if (root !== null && hasOpen(pid, socket)) return root.split('/')[0] ?? null;
  }
  return null;
}

/** Returns the rest of the environment's root behind the mark: `<instance>/root`. */
function rootOf(pid: string, mark: string): string | null {
  try {
    const found = readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .find((variable) => variable.startsWith(mark));
    return found?.slice(mark.length) ?? null;
  } catch {
    // Another user's, or gone meanwhile.
    return null;
  }
}

function hasOpen(pid: string, socket: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === socket;
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}
