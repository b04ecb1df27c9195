/**
 * One instance as a host that the command drives: `up` at the first boot, `start` at later ones, `stop`, `kill`, `rm`. Its SSM agent is ours:
 * it registers as soon as the host runs a script, and scripts go through `exec`. Scripts get no prefix there: a host is a whole machine.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance, World } from '../contract.js';
import { Agent } from '../machine/agent.js';
import type { Kept, ManagedMachine, ScriptRun } from '../machine/managed.js';
import { mayRegister } from '../machine/registration.js';
import { decodeUserData } from '../machine/user-data.js';
import { isAbort } from '../world.js';
import { callHost, runVerb } from './command.js';
import type { Ledger } from './ledger.js';

/** Between two tries of a host that does not run scripts yet. */
const ANSWER_EVERY_MS = 200;
/** `exec` tells a time limit by this exit code, as timeout(1) does. */
const TIME_LIMIT = 124;

export class HostMachine implements ManagedMachine {
  readonly agent = new Agent();
  private power: AbortController | null = null;
  /** The verbs of this host, one after the other. */
  private last: Promise<void> = Promise.resolve();
  private isMade = false;

  constructor(
    readonly world: World,
    public instance: Instance,
    private readonly command: string,
    private readonly ledger: Ledger,
  ) {}

  get id(): string {
    return this.instance.id;
  }

  get boot(): AbortSignal | null {
    return this.power?.signal ?? null;
  }

  /** Power is on. Returns at once; what fails stands in the record as `boot-failed`. */
  powerOn(instance: Instance): void {
    this.instance = instance;
    if (this.power) return;
    const power = new AbortController();
    this.power = power;
    this.run(power.signal).catch((error: unknown) => {
      if (!power.signal.aborted && !isAbort(error))
        this.world.note('boot-failed', { instanceId: this.id, error: String(error) });
    });
  }

  /** The operating system ends everything in order. */
  async shutdown(): Promise<void> {
    this.agent.disconnect();
    if (this.isMade) await this.next(() => this.try('stop'));
    this.powerOff();
  }

  /** The plug is pulled, also of a host that is about to stop: it does not wait for that. */
  crash(): void {
    this.powerOff();
    this.agent.disconnect();
    if (!this.isMade) return;
    this.last = Promise.all([this.last, this.try('kill')]).then(() => undefined);
  }

  /** The host is taken away with its disk; after a boot that is under way, for no one can take away what is half made. */
  async destroy(): Promise<void> {
    this.powerOff();
    this.agent.disconnect();
    await this.next(async () => {
      if (!this.isMade || !(await this.try('rm'))) return;
      this.isMade = false;
      this.ledger.remove(this.id);
    });
  }

  runScript(_name: string, script: string, timeoutSeconds: number, keep: Kept): ScriptRun {
    const startedAt = performance.now();
    const limit = ['--timeout', String(timeoutSeconds)];
    const call = callHost(this.command, ['exec', this.id, ...limit], script, keep);
    const isOver = () => performance.now() - startedAt >= timeoutSeconds * 1000;
    return {
      // The script itself may end with 124, too.
      finished: call.finished.then((ended) => ({ ...ended, timedOut: ended.exitCode === TIME_LIMIT && isOver() })),
      kill: () => call.kill(),
    };
  }

  private powerOff(): void {
    this.power?.abort();
    this.power = null;
  }

  /** Fault points as with folders: `machine.boot` with `no-boot`, `machine.agent` with `no-agent`. */
  private async run(signal: AbortSignal): Promise<void> {
    const { world, id, instance } = this;
    const about = { instanceId: id, region: instance.region };
    if (world.fault('machine.boot', about)?.effect === 'no-boot') return;
    await this.next(async () => {
      if (!signal.aborted) await this.switchOn();
    });
    if (signal.aborted) return;
    world.note('boot', { instanceId: id, boots: instance.boots });
    if (instance.instanceProfile === null) return;
    if (world.fault('machine.agent', about)?.effect === 'no-agent') return;
    await this.untilItAnswers(signal);
    await world.impose({ kind: 'agent', instanceId: id, ms: world.profile.agentRegistration, signal });
    if ((await mayRegister(world, instance)) && !signal.aborted) this.agent.register();
  }

  private async switchOn(): Promise<void> {
    const { id, instance } = this;
    if (this.isMade) return runVerb(this.command, 'start', id);
    const text = decodeUserData(instance.userData);
    const dir = mkdtempSync(join(tmpdir(), 'keelson-user-data-'));
    try {
      const file = join(dir, 'user-data');
      writeFileSync(file, text, { mode: 0o700 });
      // Like cloud-init, a host runs only what says how it wants to be run.
      const userData = text.startsWith('#!') ? ['--user-data', file] : [];
      const hostname = `ip-${instance.privateIp.replaceAll('.', '-')}`;
      // From here on there may be something to take away, also when the command fails half-way.
      this.isMade = true;
      this.ledger.add(id);
      await runVerb(this.command, 'up', id, instance.privateIp, ...userData, '--hostname', hostname);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }

  private async untilItAnswers(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { exitCode } = await callHost(this.command, ['exec', this.id, '--timeout', '5'], 'exit 0\n').finished;
      if (exitCode === 0) return;
      await new Promise((resolve) => setTimeout(resolve, ANSWER_EVERY_MS));
    }
  }

  /** After all verbs before, however they ended. @throws HostCommandError of this one */
  private next<T>(verb: () => Promise<T>): Promise<T> {
    const done = this.last.then(verb);
    this.last = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /** For verbs that must not hold up what EC2 does next. @returns whether it worked; if not, the record says why */
  private async try(verb: 'stop' | 'kill' | 'rm'): Promise<boolean> {
    try {
      await runVerb(this.command, verb, this.id);
      return true;
    } catch (error) {
      this.world.note('host-failed', { instanceId: this.id, verb, error: String(error) });
      return false;
    }
  }
}
