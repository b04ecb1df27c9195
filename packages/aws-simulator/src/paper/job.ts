/** One job on paper while it runs: what it knows, what it reports, how it fails and waits. The counterpart of lib/base.sh and lib/urls.sh. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandReply } from '../machine/systemctl.js';
import type { PaperJob } from './command.js';
import type { PaperNode } from './node.js';
import { unseal } from './seal-key.js';

/** Between two looks, as the scripts do it. */
const POLL_MS = 250;
/** So long are URLs waited for. */
const URLS_PATIENCE_MS = 180_000;

/** The script has ended with an error that it has told. */
export class JobFailed extends Error {
  override name = 'JobFailed';
}

export interface Url {
  url: string;
  headers: Record<string, string>;
}

export class Job {
  readonly log: string[] = [];
  readonly results: string[] = [];
  /** As the worker has sent them last, and when. */
  sealed: { text: string; at: number } | null = null;
  private opened: { of: Job['sealed']; text: ReturnType<typeof unseal> } | null = null;
  private waitsFor = '';

  /** @param signal aborts when its time is over, or its machine goes down */
  constructor(
    readonly machine: PaperNode,
    readonly of: PaperJob,
    readonly signal: AbortSignal,
  ) {}

  /** A parameter of the script; empty where it was given none. */
  param(name: string): string {
    return this.of.params[name] ?? '';
  }

  get role(): 'server' | 'agent' {
    return this.param('ROLE') === 'agent' ? 'agent' : 'server';
  }

  result(key: string, value: string | number | boolean): void {
    this.results.push(`${key}=${String(value).replaceAll('\n', ' ')}`);
  }

  say(line: string): void {
    this.waitsFor = '';
    this.log.push(line.trimEnd());
  }

  fail(code: string, what: string, todo: string): never {
    this.result('code', code);
    this.log.push(`error: ${what} (${todo})`);
    throw new JobFailed(code);
  }

  /** Tells what is waited for, once for each reason, and lets a moment pass. @throws AbortError when the job has to end */
  async wait(reason: string): Promise<void> {
    if (reason !== this.waitsFor) this.log.push(`waiting for: ${reason}`);
    this.waitsFor = reason;
    await sleep(POLL_MS, null, { signal: this.signal });
  }

  /** Runs a program of the node. */
  run(program: string, ...args: string[]): Promise<CommandReply> {
    return this.machine.program(program, args);
  }

  hasUrl(name: string): boolean {
    return this.param('URLS').split(' ').includes(name);
  }

  /** The newest URL of that name. */
  async url(name: string): Promise<Url> {
    if (!this.hasUrl(name)) this.fail('UrlsMissing', `the job has no URL ${name}`, 'report it as a defect');
    const until = Date.now() + URLS_PATIENCE_MS;
    while (this.sealed === null) {
      if (Date.now() >= until) this.fail('UrlsMissing', 'the worker has sent no URLs', 'see whether a worker runs');
      await this.wait('the worker to send the URLs');
    }
    const opened = this.open(this.sealed);
    if (opened === 'other-key')
      this.fail(
        'NodeKeyChanged',
        "this node's key is not the one that Keelson has recorded",
        'find out who has replaced its disk; then replace the node',
      );
    if (opened === 'corrupted')
      this.fail(
        'UrlsUnreadable',
        'the URLs cannot be opened with the key of this node',
        'see whether openssl works on the node',
      );
    const lines = opened.text.split('\n');
    const valuesOf = (key: string): string[] =>
      lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
    const url = valuesOf(name).at(-1);
    if (url === undefined) this.fail('UrlsMissing', `the worker has sent no URL ${name}`, 'report it as a defect');
    return { url, headers: Object.fromEntries(valuesOf(`${name}_HEADER`).map(headerOf)) };
  }

  /** Each of several transfers takes its URL out of the same sealed text. */
  private open(sealed: NonNullable<Job['sealed']>): ReturnType<typeof unseal> {
    if (this.opened?.of !== sealed)
      this.opened = { of: sealed, text: unseal(this.machine.sealKey(), this.of.id, sealed.text) };
    return this.opened.text;
  }
}

function headerOf(line: string): [string, string] {
  const at = line.indexOf(':');
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}
