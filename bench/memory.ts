import { execFileSync } from 'node:child_process';

/** Resident memory of a process in MiB, as `ps` tells it on Linux and macOS. */
export function memoryOf(pid: number): number {
  const kib = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim());
  return Math.round(kib / 1024);
}
