/** The disk of a node on paper: the files that K3s's model reads, and those that the scripts would leave. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Machine } from '../machine/machine.js';

type Disk = Pick<Machine, 'path'>;

export const STATE = '/var/lib/keelson';
export const SERVER = '/var/lib/rancher/k3s/server';
export const ETC = '/etc/rancher/k3s';
export const K3S = '/usr/local/bin/k3s';
/** `hash version` of what the service was last started with. */
export const STARTED_WITH = `${STATE}/started-with`;

/** Empty where there is no such file. */
export function read(disk: Disk, path: string): string {
  try {
    return readFileSync(disk.path(path), 'utf8');
  } catch {
    return '';
  }
}

export function write(disk: Disk, path: string, content: string | Buffer, mode = 0o600): void {
  mkdirSync(dirname(disk.path(path)), { recursive: true });
  writeFileSync(disk.path(path), content, { mode });
}

export const has = (disk: Disk, path: string): boolean => existsSync(disk.path(path));

export function remove(disk: Disk, ...paths: string[]): void {
  for (const path of paths) rmSync(disk.path(path), { recursive: true, force: true });
}

/** Names in a folder; none where it is not there. */
export function names(disk: Disk, folder: string): string[] {
  try {
    return readdirSync(disk.path(folder));
  } catch {
    return [];
  }
}

export const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/** In whole MiB; null where there is no such file. */
export function mebibytes(disk: Disk, path: string): number | null {
  const size = statSync(disk.path(path), { throwIfNoEntry: false })?.size;
  return size === undefined ? null : Math.floor(size / 1024 / 1024);
}

/** The newest etcd snapshot whose name begins so; empty for none. */
export function newestSnapshot(disk: Disk, prefix: string): string {
  const folder = `${SERVER}/db/snapshots`;
  const found = names(disk, folder)
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ name, at: statSync(disk.path(`${folder}/${name}`)).mtimeMs }));
  return found.reduce((newest, one) => (one.at > newest.at ? one : newest), { name: '', at: 0 }).name;
}
