/** The disk of a node on paper, read once and written for each copy. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Names } from './names.js';

/** Larger files are empty: the database of etcd, which is sparse. */
const SPARSE_BYTES = 4 * 1024 * 1024;
/** Logs, and what a boot writes. */
const LEFT_OUT = new Set(['var/log', 'proc']);

interface Entry {
  path: string;
  mode: number;
  /** Of a file its text, of a link its target, of a sparse file its size. */
  content: { text: string } | { link: string } | { bytes: number } | null;
}

/** Returns folders, files and links below a root, without its logs. */
export function readDisk(root: string): Entry[] {
  const entries: Entry[] = [];
  const walk = (below: string): void => {
    for (const one of readdirSync(join(root, below), { withFileTypes: true })) {
      const path = join(below, one.name);
      if (one.isSymbolicLink()) {
        entries.push({ path, mode: 0, content: { link: readlinkSync(join(root, path)) } });
        continue;
      }
      const { mode, size } = statSync(join(root, path));
      if (one.isDirectory()) {
        entries.push({ path, mode, content: null });
        if (!LEFT_OUT.has(path)) walk(path);
      } else if (size > SPARSE_BYTES) entries.push({ path, mode, content: { bytes: size } });
      else entries.push({ path, mode, content: { text: readFileSync(join(root, path), 'latin1') } });
    }
  };
  walk('');
  return entries;
}

/** Writes the disk of a copy. */
export function writeDisk(root: string, entries: readonly Entry[], names: Names): void {
  mkdirSync(root, { recursive: true });
  for (const { path, mode, content } of entries) {
    const target = join(root, names.swap(path));
    if (content === null) {
      mkdirSync(target, { recursive: true });
      chmodSync(target, mode & 0o777);
      continue;
    }
    mkdirSync(dirname(target), { recursive: true });
    if ('link' in content) symlinkSync(names.swap(content.link), target);
    else if ('text' in content)
      writeFileSync(target, names.swap(content.text), { encoding: 'latin1', mode: mode & 0o777 });
    else {
      writeFileSync(target, '', { mode: mode & 0o777 });
      truncateSync(target, content.bytes);
    }
  }
}
