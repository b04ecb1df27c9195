/** All machines of the region. EC2 switches them on and off; SSM and K3s find them here. */
import type { Instance, MachineHost, World } from '../contract.js';
import { K3sPlane } from '../k3s/plane.js';
import { Machine } from './machine.js';
import type { ManagedHost } from './managed.js';
import { erase, plug, unplug } from './volumes.js';

export class Machines implements ManagedHost {
  private readonly machines = new Map<string, Machine>();
  readonly k3s: K3sPlane;

  constructor(private readonly world: World) {
    this.k3s = new K3sPlane(world, this);
  }

  /** The machine of an instance that has booted at least once and isn't terminated. */
  get(instanceId: string): Machine | undefined {
    return this.machines.get(instanceId);
  }

  all(): Machine[] {
    return [...this.machines.values()];
  }

  boot(instance: Instance): void {
    let machine = this.machines.get(instance.id);
    if (!machine) {
      machine = new Machine(this.world, instance, (self) => this.k3s.services(self));
      this.machines.set(instance.id, machine);
    }
    machine.powerOn(instance);
  }

  async shutdown(instance: Instance): Promise<void> {
    await this.machines.get(instance.id)?.shutdown();
  }

  crash(instance: Instance): void {
    this.machines.get(instance.id)?.crash();
  }

  async reboot(instance: Instance): Promise<void> {
    await this.shutdown(instance);
    this.boot(instance);
  }

  async destroy(instance: Instance): Promise<void> {
    await this.machines.get(instance.id)?.destroy();
    this.machines.delete(instance.id);
  }

  plug(instance: Instance, volumeId: string): void {
    plug(this.world.dir, instance.id, volumeId);
  }

  unplug(instance: Instance, volumeId: string): void {
    unplug(this.world.dir, instance.id, volumeId);
  }

  erase(volumeId: string): void {
    erase(this.world.dir, volumeId);
  }

  /** The region ends: every machine loses its power and every process is waited for. Disks stay. */
  async close(): Promise<void> {
    for (const machine of this.machines.values()) machine.crash();
    await Promise.all(this.all().map((machine) => machine.processes.kill()));
    this.machines.clear();
  }
}

export function createMachineHost(world: World): MachineHost {
  return new Machines(world);
}

/** The folders behind a host made by `createMachineHost`; null where something else is behind it, such as real hosts. */
export function foldersOf(host: MachineHost): Machines | null {
  return host instanceof Machines ? host : null;
}

/** The same, where nothing else can be. */
export function machinesOf(host: MachineHost): Machines {
  const machines = foldersOf(host);
  if (machines !== null) return machines;
  throw new Error('the model of K3s needs the host of createMachineHost: this one keeps no folders.');
}
