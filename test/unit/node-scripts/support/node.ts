/**
 * A node of one's own: a folder as KEELSON_ROOT and a real bash. What cannot be had without root and a cluster is fake and
 * lies in fakes/: systemctl, journalctl and the k3s binary.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type JobOutput, parseJobOutput, renderCommand, renderJob } from '#src/node-scripts/render.js';
import { jobPreamble } from '#src/node-scripts/scripts.js';
import { seal, urlLines } from '#src/node-scripts/seal.js';
import { PATIENCE_MS } from '../../../support/patience.js';

/** A job that ends at its time-out has failed its test: a machine with other work is no reason for that. */
const PATIENCE_S = PATIENCE_MS / 1_000;
/** A time-out that only `timeIsUp` brings. */
export const NEVER_S = 86_399;

export const FAKES = fileURLToPath(new URL('./fakes', import.meta.url));

type JobOptions = Omit<Parameters<typeof renderJob>[0], 'urls'> & {
  /** Sealed to the node's key. */
  urls: Record<string, string>;
  /** Names of URLs that the job wants; where none are given, its first command only starts it. */
  wants: string[];
};

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The runner's report. */
  job: JobOutput;
}

export class TestNode {
  readonly root = mkdtempSync(join(tmpdir(), 'keelson node-'));
  private readonly bin = join(this.root, 'test bin');
  private count = 0;

  constructor() {
    cpSync(FAKES, this.bin, { recursive: true });
    this.bootId('boot-1');
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  jobFile(jobId: string, file: string): string {
    return this.path('var/lib/keelson/jobs', jobId, file);
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  remove(path: string): void {
    rmSync(this.path(path), { recursive: true, force: true });
  }

  has(path: string): boolean {
    return existsSync(this.path(path));
  }

  /** Logs of all jobs so far. */
  logs(): string {
    const jobs = this.path('var/lib/keelson/jobs');
    if (!existsSync(jobs)) return '';
    return readdirSync(jobs)
      .map((job) => join(jobs, job, 'log'))
      .filter((log) => existsSync(log))
      .map((log) => readFileSync(log, 'utf8'))
      .join('');
  }

  /** Calls of the fakes so far. */
  calls(): string[] {
    return this.has('fake/calls.log') ? this.read('fake/calls.log').trimEnd().split('\n') : [];
  }

  /** The machine has booted again, as far as the kernel tells. */
  bootId(id: string): void {
    this.write('proc/sys/kernel/random/boot_id', `${id}\n`);
  }

  /** A program that comes first in PATH. */
  program(name: string, text: string): void {
    writeFileSync(join(this.bin, name), text);
    chmodSync(join(this.bin, name), 0o755);
  }

  /** From now on the time-outs of jobs with `NEVER_S` come when this test says so: a stopped clock. */
  stopClock(): void {
    const up = `until [ -e "$KEELSON_ROOT/time-is-up" ]; do /bin/sleep 0.02; done`;
    this.program('sleep', `#!/bin/sh\n[ "$1" = ${NEVER_S} ] || exec /bin/sleep "$@"\n${up}\n`);
  }

  timeIsUp(): void {
    this.write('time-is-up', '');
  }

  /** Kills the supervisor of a job with its watchdog, and with its script where that is to end, too: each leads a process group of its own. */
  killSupervisor(jobId: string, which: 'alone' | 'with its script'): void {
    const pidIn = (file: string) => Number.parseInt(readFileSync(this.jobFile(jobId, file), 'utf8'), 10);
    const [owner, script] = [pidIn('owner'), pidIn('pid')];
    const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    const children = table
      .map((line) => line.trim().split(/\s+/).map(Number))
      .flatMap(([pid = 0, parent]) => (parent === owner && pid !== script ? [pid] : []));
    for (const pid of [owner, ...children, ...(which === 'alone' ? [] : [script])]) process.kill(-pid, 'SIGKILL');
  }

  /** The k3s binary is installed. */
  installK3s(): void {
    mkdirSync(this.path('usr/local/bin'), { recursive: true });
    cpSync(join(FAKES, 'k3s'), this.path('usr/local/bin/k3s'));
  }

  /** Runs a text as the SSM agent does: by sh on a file, with nearly no environment. Gives the process and its end. */
  start(text: string) {
    const file = this.path(`command-${++this.count}`);
    writeFileSync(file, text);
    const child = spawn('sh', [file], {
      cwd: '/',
      env: { PATH: `${this.bin}:/usr/bin:/bin:/usr/sbin:/sbin`, KEELSON_ROOT: this.root },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const ended = new Promise<Ran>((resolve) => {
      child.on('close', (code) => {
        const nothing: JobOutput = { jobId: '', outcome: 'failed', exitCode: null, result: {}, logTail: '' };
        resolve({ code, stdout, stderr, job: parseJobOutput(stdout) ?? nothing });
      });
    });
    return { child, ended };
  }

  /** Sends one of the scripts as a job of its own. */
  script(
    script: string,
    params: Record<string, string> = {},
    urls: Record<string, string> = {},
    timeoutSeconds = PATIENCE_S,
  ): Promise<Ran> {
    const jobId = `${script}-${++this.count}`;
    const job = { jobId, script, params, timeoutSeconds, graceSeconds: 1, ...this.sealed(jobId, urls) };
    return this.start(renderCommand(job)).ended;
  }

  /** Sends lines of bash as a job; `url NAME` leaves one of its URLs in `url`. */
  job(jobId: string, body: string, options: Partial<JobOptions> = {}) {
    const { urls = {}, wants = Object.keys(urls), ...others } = options;
    const text = `URLS='${wants.join(' ')}'\n${jobPreamble('transfer', 'seal', 'unseal', 'urls')}${body}\n`;
    const job = {
      jobId,
      timeoutSeconds: PATIENCE_S,
      graceSeconds: 1,
      ...this.sealed(jobId, urls),
      urls: wants,
      ...others,
    };
    return this.start(renderJob(job, text));
  }

  /** The public half of the node's key, made where there is none. */
  key(): string {
    const script = '. src/node-scripts/lib/env.sh; . src/node-scripts/lib/seal.sh; make_seal_key && seal_public';
    return execFileSync('bash', ['-c', script], { env: { ...process.env, KEELSON_ROOT: this.root }, encoding: 'utf8' });
  }

  /** What a command carries when its sender knows the node's key. */
  sealed(jobId: string, urls: Record<string, string>): { urls: string[]; sealed?: string } {
    const names = Object.keys(urls);
    if (names.length === 0) return { urls: [] };
    const lines = urlLines(Object.fromEntries(names.map((name) => [name, { url: urls[name] ?? '' }])));
    return { urls: names, sealed: seal(this.key(), jobId, lines) };
  }

  /** Removes the folder; what a test has left running there is the test's fault and makes this fail. */
  destroy(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Looks until it is so; the test's own time-out bounds it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}

/** Whether a process is there and not only a zombie. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (!existsSync('/proc/self/stat')) return true;
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
