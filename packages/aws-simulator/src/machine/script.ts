/** Scripts on a machine that is a folder: a file, `sh -c <file>`, a bare environment. [amazon-ssm-agent: runShellScript] */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MachineFolder } from './folder.js';
import type { Kept, ScriptRun } from './managed.js';
import type { Processes } from './processes.js';

export function runInFolder(
  { folder, processes }: { folder: MachineFolder; processes: Processes },
  name: string,
  script: string,
  timeoutSeconds: number,
  keep: Kept,
): ScriptRun {
  const dir = join(folder.ssm, name);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, '_script.sh');
  writeFileSync(file, script);
  chmodSync(file, 0o700);

  let timedOut = false;
  const run = processes.start('sh', ['-c', file], keep);
  const timer = setTimeout(() => {
    timedOut = true;
    run.killGroup();
  }, timeoutSeconds * 1000);
  const finished = run.finished.then((ended) => {
    clearTimeout(timer);
    // The agent sweeps its own folder too; a script may hold secrets of its sender.
    rmSync(dir, { recursive: true, force: true });
    return { ...ended, timedOut };
  });
  return { finished, kill: () => run.killGroup() };
}
