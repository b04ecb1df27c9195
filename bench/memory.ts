import { execFileSync } from 'node:child_process';

/** Resident memory of a process in MiB, as `ps` tells it on Linux and macOS. */
export function memoryOf(pid: number): number {
  const kib = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim());
  return Math.round(kib / 1024);
}

/** CPU time of a process so far, as `ps` tells it on Linux and macOS: [[dd-]hh:]mm:ss. */
export function cpuSeconds(pid: number): number {
  const text = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  const [days, clock = ''] = text.includes('-') ? text.split('-') : ['0', text];
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
}
