/** One instance as a machine: its disk, its boots, its processes, its SSM agent and its services. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Instance, World } from '../contract.js';
import { contentsOf } from '../ec2/images.js';
import { standInBinary } from '../k3s/binary.js';
import { type MachineFolder, machineFolder, prepareFolder, removeFolder, writeBootId } from './folder.js';
import type { Kept, ScriptRun } from './managed.js';
import { PoweredMachine } from './powered.js';
import { Processes } from './processes.js';
import { runInFolder } from './script.js';
import { Systemd } from './systemd.js';
import { noTroubles } from './troubles.js';
import type { ServiceFactory } from './unit.js';
import { runUserData } from './user-data.js';
import { mountAll } from './volumes.js';

/** Between TERM and KILL at shutdown, at most. systemd waits 90 s; a model need not, and a quick profile even less. */
const SHUTDOWN_GRACE_MS = 2_000;

export class Machine extends PoweredMachine {
  readonly folder: MachineFolder;
  readonly processes: Processes;
  readonly systemd: Systemd;
  readonly troubles = noTroubles();
  /** The end of the last boot's processes. */
  private ending: Promise<void> = Promise.resolve();

  constructor(world: World, instance: Instance, services: (machine: Machine) => ServiceFactory) {
    super(world, instance);
    this.folder = machineFolder(world.dir, instance.id);
    this.processes = new Processes(this.folder);
    this.systemd = new Systemd(this.folder.root, services(this), world.profile.join);
  }

  /** Returns a path on the instance's disk; what already lies below its root is left as it is. */
  path(absolute: string): string {
    return absolute.startsWith(`${this.folder.root}/`) ? absolute : join(this.folder.root, absolute);
  }

  runScript(name: string, script: string, timeoutSeconds: number, keep: Kept): ScriptRun {
    return runInFolder(this, name, script, timeoutSeconds, keep);
  }

  /** The operating system ends everything in order. */
  async shutdown(): Promise<void> {
    this.agent.disconnect();
    const grace = Math.min(SHUTDOWN_GRACE_MS, 20 * this.world.profile.stop);
    await Promise.all([this.systemd.shutdown(), this.endProcesses(grace)]);
    this.powerOff();
  }

  /** Power is cut: nothing gets a word. */
  crash(): void {
    this.powerOff();
    this.agent.disconnect();
    this.systemd.crash();
    this.ending = this.killProcesses();
  }

  /** Power is cut for good; the disk goes with it. */
  async destroy(): Promise<void> {
    this.crash();
    await this.ending;
    await removeFolder(this.folder);
  }

  /** Kills whatever runs on it, and resolves when it is gone. */
  killProcesses(): Promise<void> {
    return this.processes.kill();
  }

  protected endProcesses(graceMs: number): Promise<void> {
    return this.processes.end(graceMs);
  }

  /** What a fresh image has on its disk; what is there stays. */
  protected prepareDisk(lacks: readonly string[]): void {
    prepareFolder(this.folder, this.id, this.world.port, lacks);
    mountAll(this.world.dir, this.folder);
  }

  private layK3s(version: string): void {
    const file = this.path('/usr/local/bin/k3s');
    mkdirSync(dirname(file), { recursive: true });
    const architecture = this.instance.architecture === 'arm64' ? 'arm64' : 'amd64';
    writeFileSync(file, standInBinary(version, architecture), { mode: 0o755 });
  }

  /** @returns its exit code; null where nothing was to be run */
  protected runUserData(_boot: AbortSignal): Promise<number | null> {
    return runUserData(this.folder, this.processes, this.instance.userData);
  }

  protected async startSystem(signal: AbortSignal): Promise<{ after: string[] } | null> {
    const { world, id, instance } = this;
    const launched = world.lastSpan(id, 'launch', 'start', 'reboot');
    await this.ending;
    const boot = await world.impose({
      kind: 'boot',
      instanceId: id,
      ms: world.profile.boot,
      after: launched ? [launched.id] : [],
      signal,
    });
    const { lacks, carries } = contentsOf(instance.imageId, instance.region);
    this.prepareDisk(lacks);
    if (carries !== null && instance.boots === 1) this.layK3s(carries);
    world.note('boot', { instanceId: id, bootId: writeBootId(this.folder), boots: instance.boots });
    this.systemd.boot();
    void this.runUserData(signal).then((exitCode) => {
      if (exitCode !== null) world.note('user-data', { instanceId: id, exitCode });
    });
    return lacks.includes('amazon-ssm-agent') ? null : { after: [boot.id] };
  }
}
