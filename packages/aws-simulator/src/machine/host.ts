/** All machines of the region as folders. SSM and K3s find them here. */
import type { Instance, MachineHost, World } from '../contract.js';
import { K3sPlane } from '../k3s/plane.js';
import { servicesOn } from '../k3s/services.js';
import { Machine } from './machine.js';
import { MachineRegistry } from './registry.js';
import { erase, plug, unplug } from './volumes.js';

export class Machines extends MachineRegistry<Machine> {
  readonly k3s: K3sPlane;

  /** @param make one machine; on paper it is another kind */
  constructor(
    private readonly world: World,
    private readonly make: (...of: ConstructorParameters<typeof Machine>) => Machine = (...of) => new Machine(...of),
  ) {
    super();
    this.k3s = new K3sPlane(world, this);
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
    await Promise.all(this.all().map((machine) => machine.killProcesses()));
    this.machines.clear();
  }

  protected create(instance: Instance): Machine {
    return this.make(this.world, instance, (self) => servicesOn(this.k3s, self));
  }
}

export function createMachineHost(world: World): MachineHost {
  return new Machines(world);
}

/** Returns the folders behind a host made by `createMachineHost`; null where something else is behind it, such as real hosts. */
export function foldersOf(host: MachineHost): Machines | null {
  return host instanceof Machines ? host : null;
}

/** Returns the same, where nothing else can be. */
export function machinesOf(host: MachineHost): Machines {
  const machines = foldersOf(host);
  if (machines !== null) return machines;
  throw new Error('the model of K3s needs the host of createMachineHost: this one keeps no folders.');
}
