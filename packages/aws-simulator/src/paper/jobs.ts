/**
 * The jobs of one node on paper: started once for each id, attached to after that, one after the other for each lock, ended at their time or with their
 * machine, and reported in the job runner's words. The counterpart of lib/job.sh and lib/lock.sh.
 */
import { createHash } from 'node:crypto';
import type { Finished } from '../machine/processes.js';
import type { PaperJob } from './command.js';
import { Job, JobFailed } from './job.js';
import type { PaperNode } from './node.js';
import { RULES } from './rules/index.js';
import { shortened } from './shortened.js';

interface Entry {
  job: Job;
  /** Null while it runs. */
  ended: { outcome: 'done' | 'failed' | 'timed-out' | 'interrupted'; exit: string } | null;
  end: Promise<void>;
}

/** Jobs that have ended are kept, the newest so many: the scripts keep 400, on a disk. */
const KEEP = 40;
/** Lines of the log in a report. */
const TAIL = 60;

export class Jobs {
  private readonly entries = new Map<string, Entry>();
  private readonly locks = new Map<string, Promise<void>>();

  constructor(private readonly machine: PaperNode) {}

  /** What the command of the job prints at its end. @param boot the job ends with it */
  async command(of: PaperJob, boot: AbortSignal): Promise<Finished> {
    let entry = this.entries.get(of.id);
    if (entry === undefined) {
      entry = this.start(of, boot);
      this.entries.set(of.id, entry);
      this.sweep();
    }
    if (of.urls === 'sealed' && entry.ended === null) entry.job.sealed = { text: of.sealed, at: Date.now() };
    if (of.urls === 'wanted' && entry.ended === null)
      return printed(0, `keelson-key id=${of.id} key=${this.machine.sealKey().public}\n`);
    await entry.end;
    return report(of.id, entry);
  }

  /** Does a rule beside the jobs, one after the other with those that change the node: what user data does. */
  async atFirstBoot(params: PaperJob['params'], boot: AbortSignal, rule: (job: Job) => Promise<void>): Promise<void> {
    const release = await this.lock('node', boot);
    const of = { id: '', lock: 'node', timeoutSeconds: 0, urls: 'none', sealed: '', kind: null, params } as const;
    try {
      boot.throwIfAborted();
      await Promise.race([rule(new Job(this.machine, of, boot)), aborted(boot)]);
    } finally {
      release();
    }
  }

  private start(of: PaperJob, boot: AbortSignal): Entry {
    const ending = new AbortController();
    const stop = (): void => ending.abort();
    const timer = setTimeout(stop, of.timeoutSeconds * 1_000);
    boot.addEventListener('abort', stop, { once: true });
    const job = new Job(this.machine, of, ending.signal);
    const entry: Entry = { job, ended: null, end: Promise.resolve() };
    entry.end = this.carryOut(job).then((ended) => {
      clearTimeout(timer);
      boot.removeEventListener('abort', stop);
      // The machine goes down: what the script returned meanwhile says nothing about its work.
      entry.ended = boot.aborted ? { outcome: 'interrupted', exit: '-' } : ended;
      job.sealed = null;
      this.machine.world.note('script-ended', { ...about(job), outcome: entry.ended.outcome });
    });
    return entry;
  }

  private async carryOut(job: Job): Promise<NonNullable<Entry['ended']>> {
    const { kind, lock } = job.of;
    const release = lock === '' ? null : await this.lock(lock, job.signal);
    try {
      if (kind === null) job.fail('NotOnPaper', 'nodes on paper do not know this script', 'use nodes that run scripts');
      job.signal.throwIfAborted();
      this.machine.world.note('script-began', about(job));
      await Promise.race([RULES[kind](job), aborted(job.signal)]);
      return { outcome: 'done', exit: '0' };
    } catch (error) {
      if (job.signal.aborted) return { outcome: 'timed-out', exit: '143' };
      if (!(error instanceof JobFailed)) job.log.push(`error: stopped with exit 1: ${String(error)}`);
      return { outcome: 'failed', exit: '1' };
    } finally {
      release?.();
    }
  }

  /** First come, first served. @returns gives the lock back */
  private async lock(name: string, signal: AbortSignal): Promise<() => void> {
    const before = this.locks.get(name) ?? Promise.resolve();
    let release = (): void => undefined;
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.locks.set(
      name,
      before.then(() => mine),
    );
    await Promise.race([before, aborted(signal).catch(() => undefined)]);
    return release;
  }

  private sweep(): void {
    for (const [id, { ended }] of this.entries) {
      if (this.entries.size <= KEEP) return;
      if (ended !== null) this.entries.delete(id);
    }
  }
}

/** What the record says of a job: where folders have a shell that counts, paper has only its word. Parameters may be long: their digest tells whether work is the same. */
const about = ({ machine, of: { id, kind, lock, params } }: Job): Record<string, unknown> => ({
  instanceId: machine.id,
  job: id,
  script: kind,
  lock,
  params: createHash('sha256').update(JSON.stringify(params)).digest('hex').slice(0, 16),
});

/** Rejects when the signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new DOMException('The job has to end', 'AbortError'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

function report(id: string, { job, ended }: Entry): Finished {
  const { outcome, exit } = ended ?? { outcome: 'interrupted', exit: '-' };
  const lines = [
    `keelson-job id=${id} outcome=${outcome} exit=${exit}`,
    'keelson-result',
    ...shortened(job.results),
    'keelson-log',
    ...job.log.slice(-TAIL),
    '',
  ];
  return printed(outcome === 'done' ? 0 : 1, lines.join('\n'));
}

export const printed = (exitCode: number, stdout: string): Finished => ({ exitCode, signal: null, stdout, stderr: '' });
