/**
 * One systemd service: inactive -> activating -> active -> deactivating -> inactive; after an exit with an error it starts again after
 * RestartSec when Restart says so. With Type=notify a unit is active when its process says that it is ready, and a start may wait for that
 * for ever: K3s's unit has no start time-out.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { UnitFile } from './unit-file.js';

/** The main process of a unit. */
export interface Service {
  /** Resolves when ready. Throws ServiceExit when the process exits unasked; rejects when the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
  /** Ends a ready or starting process gracefully. */
  stop(): Promise<void>;
  /** The process was killed. */
  kill(): void;
}

/** The process has exited with an error. The message is its last line of log. */
export class ServiceExit extends Error {
  override name = 'ServiceExit';
}

export type ActiveState = 'inactive' | 'activating' | 'active' | 'deactivating' | 'failed';

/** Makes the main process of a unit; call `exited` when it exits unasked after it was ready. */
export type ServiceFactory = (unit: UnitFile, exited: (message: string) => void) => Service;

export class Unit {
  state: ActiveState = 'inactive';
  subState = 'dead';
  restarts = 0;
  /** Since when it is in this state. */
  since = Date.now();
  private service: Service | null = null;
  private abort: AbortController | null = null;
  private stopping: Promise<void> | null = null;
  private changed: (() => void)[] = [];

  constructor(
    readonly file: UnitFile,
    private readonly make: ServiceFactory,
    private readonly log: (line: string) => void,
    /** Upper bound of a restart delay, in milliseconds, so that a quick profile stays quick. */
    private readonly longestRestart: number,
  ) {}

  /** Begins a start, unless it is running or starting already; after a stop that is under way. */
  start(): void {
    if (this.state === 'active' || this.state === 'activating') return;
    if (this.stopping) return void this.stopping.then(() => this.start());
    this.abort = new AbortController();
    void this.run(this.abort.signal);
  }

  /** Resolves with true when active, with false when it will not become so. */
  async settled(): Promise<boolean> {
    while (this.state === 'activating' || this.stopping)
      await new Promise<void>((resolve) => this.changed.push(resolve));
    return this.state === 'active';
  }

  stop(): Promise<void> {
    this.stopping ??= this.end().finally(() => {
      this.stopping = null;
    });
    return this.stopping;
  }

  private async end(): Promise<void> {
    if (this.state === 'inactive' || this.state === 'failed') return this.set('inactive', 'dead');
    const service = this.service;
    this.set('deactivating', 'stop-sigterm');
    this.abort?.abort();
    this.service = null;
    await service?.stop();
    this.set('inactive', 'dead');
    this.log(`Stopped ${this.file.name}.`);
  }

  /** Power is cut. */
  kill(): void {
    this.abort?.abort();
    this.service?.kill();
    this.service = null;
    this.set('inactive', 'dead');
  }

  /** The process dies, and systemd does not bring it back. */
  fail(): void {
    if (this.state !== 'active' && this.state !== 'activating') return;
    this.abort?.abort();
    this.service?.kill();
    this.service = null;
    this.log(`${this.file.name}: Main process exited, code=killed, status=9/KILL`);
    this.set('failed', 'failed');
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const service = this.make(this.file, (message) => void this.exited(service, message, signal));
      this.service = service;
      this.set('activating', 'start');
      this.log(`Starting ${this.file.name}...`);
      try {
        const ready = service.start(signal);
        // Without Type=notify a unit counts as active as soon as its process runs.
        if (!this.file.notify) this.set('active', 'running');
        await ready;
        if (signal.aborted) return;
        this.set('active', 'running');
        this.log(`Started ${this.file.name}.`);
        return;
      } catch (error) {
        if (signal.aborted) return;
        service.kill();
        if (!(await this.comeBack(error instanceof Error ? error.message : String(error), signal))) return;
      }
    }
  }

  private async exited(service: Service, message: string, signal: AbortSignal): Promise<void> {
    if (this.service !== service || signal.aborted) return;
    service.kill();
    if (await this.comeBack(message, signal)) await this.run(signal);
  }

  private async comeBack(message: string, signal: AbortSignal): Promise<boolean> {
    this.service = null;
    this.log(message);
    this.log(`${this.file.name}: Main process exited, code=exited, status=1/FAILURE`);
    if (!this.file.restart) {
      this.set('failed', 'failed');
      return false;
    }
    this.set('activating', 'auto-restart');
    this.restarts++;
    await sleep(Math.min(this.file.restartSec * 1000, this.longestRestart), null, { signal, ref: false }).catch(
      () => null,
    );
    return !signal.aborted;
  }

  private set(state: ActiveState, subState: string): void {
    if (state !== this.state) this.since = Date.now();
    this.state = state;
    this.subState = subState;
    const changed = this.changed;
    this.changed = [];
    for (const resume of changed) resume();
  }
}
