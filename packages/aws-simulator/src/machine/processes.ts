/**
 * The processes of one instance. Scripts start processes that outlive them (node jobs), so remembering the started ones is not enough: on
 * Linux every process that carries the instance's root in its environment belongs to the instance; elsewhere the started groups do, and
 * those that the node jobs' pid files name.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bareEnvironment, type MachineFolder } from './folder.js';

export interface Finished {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunningProcess {
  /** Resolves when the process has ended and all holders of its output have let go of it. */
  finished: Promise<Finished>;
  /** Kills the group it leads, as the SSM agent does at a time-out or a cancel. */
  killGroup(): void;
}

const POLL_MS = 20;
const MOST_ROUNDS = 250;

export class Processes {
  private readonly groups = new Set<number>();

  constructor(private readonly folder: MachineFolder) {}

  /** Starts a program in a separate group; keeps `keep` characters of each output stream, and drops the rest. */
  start(command: string, args: string[], keep: { stdout: number; stderr: number }): RunningProcess {
    const child = spawn(command, args, {
      cwd: this.folder.root,
      env: bareEnvironment(this.folder),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const pid = child.pid;
    if (pid !== undefined) this.groups.add(pid);
    return {
      finished: collect(child, keep).finally(() => pid !== undefined && this.groups.delete(pid)),
      killGroup: () => pid !== undefined && signalGroup(pid, 'SIGKILL'),
    };
  }

  /** Asks everything on the instance to end, and kills the rest after the grace. */
  async end(graceMs: number): Promise<void> {
    for (const group of this.found()) signalGroup(group, 'SIGTERM');
    const deadline = Date.now() + graceMs;
    while (this.found().length > 0 && Date.now() < deadline) await sleep(POLL_MS);
    await this.kill();
  }

  /** Kills everything on the instance, at first without waiting, and resolves when it is gone. */
  async kill(): Promise<void> {
    table = null;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const found = this.found();
      if (found.length === 0) return;
      for (const group of found) signalGroup(group, 'SIGKILL');
      await sleep(POLL_MS);
    }
  }

  /** Process groups of the instance that are alive. */
  found(): number[] {
    const { root } = this.folder;
    const groups = process.platform === 'linux' ? new Set(processTable().get(root)) : groupsByJob(root);
    for (const group of this.groups) if (isAlive(group)) groups.add(group);
    return [...groups];
  }
}

/** Process groups by the root that their processes carry; read once for all machines that ask at the same time. */
let table: { at: number; groups: Map<string, Set<number>> } | null = null;
const TABLE_AGE_MS = 10;

function processTable(): Map<string, Set<number>> {
  if (table && Date.now() - table.at < TABLE_AGE_MS) return table.groups;
  const groups = new Map<string, Set<number>>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const root = /(?:^|\0)KEELSON_ROOT=([^\0]*)/.exec(readFileSync(`/proc/${entry}/environ`, 'utf8'))?.[1];
      if (!root) continue;
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      // After the name, which may hold anything: state, parent, group. [proc(5)]
      const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
      if (group > 1) groups.set(root, (groups.get(root) ?? new Set()).add(group));
    } catch {
      // Another user's, or gone meanwhile.
    }
  }
  table = { at: Date.now(), groups };
  return groups;
}

function groupsByJob(root: string): Set<number> {
  const groups = new Set<number>();
  const jobs = join(root, 'var/lib/keelson/jobs');
  for (const job of list(jobs)) {
    try {
      const pid = Number.parseInt(readFileSync(join(jobs, job, 'pid'), 'utf8'), 10);
      if (!(pid > 1) || !isAlive(pid)) continue;
      // The pid may belong to a stranger by now: only a shell that works in this job's folder counts.
      const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
      if (command.includes(root)) groups.add(pid);
    } catch {
      // No pid yet, or gone meanwhile.
    }
  }
  return groups;
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function isAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

/** Returns a process's output, the first `keep` characters of each stream, and its end. */
export function collect(child: ChildProcess, keep: { stdout: number; stderr: number }): Promise<Finished> {
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      if (out[name].length < keep[name]) out[name] = (out[name] + text).slice(0, keep[name]);
    });
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ exitCode: 127, signal: null, ...out, stderr: error.message }));
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, ...out }));
  });
}
