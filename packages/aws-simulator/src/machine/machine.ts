/** One instance as a machine: its disk, its boots, its processes, its SSM agent and its services. */
import { join } from 'node:path';
import type { Instance, World } from '../contract.js';
import { Agent } from './agent.js';
import { type MachineFolder, machineFolder, prepareFolder, removeFolder, writeBootId } from './folder.js';
import type { Kept, ManagedMachine, ScriptRun } from './managed.js';
import { Processes } from './processes.js';
import { mayRegister } from './registration.js';
import { runInFolder } from './script.js';
import { Systemd } from './systemd.js';
import { noTroubles } from './troubles.js';
import type { ServiceFactory } from './unit.js';
import { runUserData } from './user-data.js';
import { mountAll } from './volumes.js';

/** Between TERM and KILL at shutdown, at most. systemd waits 90 s; a model need not, and a quick profile even less. */
const SHUTDOWN_GRACE_MS = 2_000;

export class Machine implements ManagedMachine {
  readonly folder: MachineFolder;
  readonly processes: Processes;
  readonly agent = new Agent();
  readonly systemd: Systemd;
  readonly troubles = noTroubles();
  /** Aborts when this boot ends; null while the machine is down. */
  private power: AbortController | null = null;
  /** The end of the last boot's processes. */
  private ending: Promise<void> = Promise.resolve();

  constructor(
    readonly world: World,
    public instance: Instance,
    services: (machine: Machine) => ServiceFactory,
  ) {
    this.folder = machineFolder(world.dir, instance.id);
    this.processes = new Processes(this.folder);
    this.systemd = new Systemd(this.folder.root, services(this), world.profile.join);
  }

  get id(): string {
    return this.instance.id;
  }

  /** The signal of the present boot, or null while the machine is down. */
  get boot(): AbortSignal | null {
    return this.power?.signal ?? null;
  }

  /** A path on the instance's disk; what already lies below its root is left as it is. */
  path(absolute: string): string {
    return absolute.startsWith(`${this.folder.root}/`) ? absolute : join(this.folder.root, absolute);
  }

  runScript(name: string, script: string, timeoutSeconds: number, keep: Kept): ScriptRun {
    return runInFolder(this, name, script, timeoutSeconds, keep);
  }

  /** Power is on. Returns at once; see `run` for what follows. */
  powerOn(instance: Instance): void {
    this.instance = instance;
    if (this.power) return;
    this.power = new AbortController();
    void this.run(this.power.signal).catch((error: unknown) => {
      if (this.power) this.world.note('boot-failed', { instanceId: this.id, error: String(error) });
    });
  }

  /** The operating system ends everything in order. */
  async shutdown(): Promise<void> {
    this.agent.disconnect();
    const grace = Math.min(SHUTDOWN_GRACE_MS, 20 * this.world.profile.stop);
    await Promise.all([this.systemd.shutdown(), this.processes.end(grace)]);
    this.powerOff();
  }

  /** Power is cut: nothing gets a word. */
  crash(): void {
    this.powerOff();
    this.agent.disconnect();
    this.systemd.crash();
    this.ending = this.processes.kill();
  }

  /** Power is cut for good; the disk goes with it. */
  async destroy(): Promise<void> {
    this.crash();
    await this.ending;
    removeFolder(this.folder);
  }

  private powerOff(): void {
    this.power?.abort();
    this.power = null;
  }

  /**
   * Fault points: `machine.boot` with effect `no-boot` (the system never comes up), `machine.agent` with effect `no-agent`
   * (it does, but the agent never registers).
   */
  private async run(signal: AbortSignal): Promise<void> {
    const { world, id, instance } = this;
    const about = { instanceId: id, region: instance.region };
    if (world.fault('machine.boot', about)?.effect === 'no-boot') return;
    const launched = world.lastSpan(id, 'launch', 'start', 'reboot');
    await this.ending;
    const boot = await world.impose({
      kind: 'boot',
      instanceId: id,
      ms: world.profile.boot,
      after: launched ? [launched.id] : [],
      signal,
    });
    prepareFolder(this.folder, id, world.port);
    mountAll(world.dir, this.folder);
    world.note('boot', { instanceId: id, bootId: writeBootId(this.folder), boots: instance.boots });
    this.systemd.boot();
    void runUserData(this.folder, this.processes, instance.userData).then((exitCode) => {
      if (exitCode !== null) world.note('user-data', { instanceId: id, exitCode });
    });
    if (instance.instanceProfile === null) return;
    if (world.fault('machine.agent', about)?.effect === 'no-agent') return;
    const ms = world.profile.agentRegistration;
    await world.impose({ kind: 'agent', instanceId: id, ms, after: [boot.id], signal });
    if ((await mayRegister(world, instance)) && !signal.aborted) this.agent.register();
  }
}
