/** The second machine host: instances are hosts that a command makes, with a real systemd and whatever K3s the mirror has. */
import type { Instance, World } from '../contract.js';
import type { ManagedHost } from '../machine/managed.js';
import { HostMachine } from './host-machine.js';
import { Ledger } from './ledger.js';

export class Hosts implements ManagedHost {
  private readonly machines = new Map<string, HostMachine>();
  private readonly ledger: Ledger;

  constructor(
    private readonly world: World,
    private readonly command: string,
  ) {
    this.ledger = new Ledger(world.dir);
  }

  get(instanceId: string): HostMachine | undefined {
    return this.machines.get(instanceId);
  }

  all(): HostMachine[] {
    return [...this.machines.values()];
  }

  boot(instance: Instance): void {
    let machine = this.machines.get(instance.id);
    if (!machine) {
      machine = new HostMachine(this.world, instance, this.command, this.ledger);
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

  /** The region ends, and its hosts with it: no one could find them again. */
  async close(): Promise<void> {
    await Promise.allSettled(this.all().map((machine) => machine.destroy()));
    this.machines.clear();
  }
}
