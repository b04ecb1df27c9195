/**
 * One instance as a host of the command: `up` at the first boot, `start` at later ones, `stop`, `kill`, `rm`. The simulator plays its SSM
 * agent: it registers as soon as the host runs a script, and scripts go through `exec`. Scripts get no prefix there: a host is a whole
 * machine.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance, World } from '../contract.js';
import type { Kept, ScriptRun } from '../machine/managed.js';
import { PoweredMachine } from '../machine/powered.js';
import { decodeUserData } from '../machine/user-data.js';
import { callHost, runVerb } from './command.js';
import type { Ledger } from './ledger.js';

/** Pause between two tries of a host that does not run scripts yet. */
const ANSWER_EVERY_MS = 200;
/** `exec` reports a time limit by this exit code, as timeout(1) does. */
const TIME_LIMIT = 124;

export class HostMachine extends PoweredMachine {
  /** The commands to this host, one after the other. */
  private last: Promise<void> = Promise.resolve();
  private isMade = false;

  constructor(
    world: World,
    instance: Instance,
    private readonly command: string,
    private readonly ledger: Ledger,
  ) {
    super(world, instance);
  }

  /** The operating system ends everything in order. */
  async shutdown(): Promise<void> {
    this.agent.disconnect();
    if (this.isMade) await this.next(() => this.try('stop'));
    this.powerOff();
  }

  /** The power is cut, even for a host that is about to stop. */
  crash(): void {
    this.powerOff();
    this.agent.disconnect();
    if (!this.isMade) return;
    this.last = Promise.all([this.last, this.try('kill')]).then(() => undefined);
  }

  /** Removes the host with its disk, after a boot that is under way, because a half-made host cannot be removed. */
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

  protected async startSystem(signal: AbortSignal): Promise<{ after: string[] } | null> {
    await this.next(async () => {
      if (!signal.aborted) await this.switchOn();
    });
    if (signal.aborted) return null;
    this.world.note('boot', { instanceId: this.id, boots: this.instance.boots });
    return { after: [] };
  }

  /** Until the host runs scripts: its agent has no other sign of life. */
  protected override async untilAgentStarts(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { exitCode } = await callHost(this.command, ['exec', this.id, '--timeout', '5'], 'exit 0\n').finished;
      if (exitCode === 0) return;
      await new Promise((resolve) => setTimeout(resolve, ANSWER_EVERY_MS));
    }
  }

  private async switchOn(): Promise<void> {
    const { id, instance } = this;
    if (this.isMade) return runVerb(this.command, 'start', id);
    const text = decodeUserData(instance.userData);
    const dir = mkdtempSync(join(tmpdir(), 'keelson-user-data-'));
    try {
      const file = join(dir, 'user-data');
      writeFileSync(file, text, { mode: 0o700 });
      // Like cloud-init, a host runs only a text that names its interpreter.
      const userData = text.startsWith('#!') ? ['--user-data', file] : [];
      const hostname = `ip-${instance.privateIp.replaceAll('.', '-')}`;
      // From now on there may be something to remove, even if the command fails half-way.
      this.isMade = true;
      this.ledger.add(id);
      await runVerb(this.command, 'up', id, instance.privateIp, ...userData, '--hostname', hostname);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }

  /** Runs after all commands before, however they ended. @throws HostCommandError of this one */
  private next<T>(verb: () => Promise<T>): Promise<T> {
    const done = this.last.then(verb);
    this.last = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /** For commands that must not hold up EC2's next step. @returns whether it worked; if not, the record says why */
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
