/** The second machine host: instances are hosts that a command makes, with a real systemd and whatever K3s the mirror has. */
import type { Instance, World } from '../contract.js';
import { MachineRegistry } from '../machine/registry.js';
import { HostMachine } from './host-machine.js';
import { Ledger } from './ledger.js';

export class Hosts extends MachineRegistry<HostMachine> {
  private readonly ledger: Ledger;

  constructor(
    private readonly world: World,
    private readonly command: string,
  ) {
    super();
    this.ledger = new Ledger(world.dir);
  }

  /** The simulator ends, and its hosts with it: no one could find them again. */
  async close(): Promise<void> {
    await Promise.allSettled(this.all().map((machine) => machine.destroy()));
    this.machines.clear();
  }

  protected create(instance: Instance): HostMachine {
    return new HostMachine(this.world, instance, this.command, this.ledger);
  }
}
