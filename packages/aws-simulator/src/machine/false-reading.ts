/** Programs of the operating system that report something false on one machine. */
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MachineFolder } from './folder.js';

const STAND_INS = {
  /** The share in use, in per cent. */
  df: fileURLToPath(new URL('stand-ins/df', import.meta.url)),
  /** Seconds by which the clock is ahead. */
  date: fileURLToPath(new URL('stand-ins/date', import.meta.url)),
};

/** From now on the program reports the value; null brings the real one back. An unneeded stand-in would cost a process a call. */
export function setReading(folder: MachineFolder, program: keyof typeof STAND_INS, value: number | null): void {
  const file = join(folder.bin, program);
  if (value === null) {
    rmSync(file, { force: true });
    return;
  }
  mkdirSync(folder.bin, { recursive: true });
  writeFileSync(`${file}.value`, `${value}\n`);
  copyFileSync(STAND_INS[program], file);
  chmodSync(file, 0o755);
}
