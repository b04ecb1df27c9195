/** The machines of a region by their instances: EC2 switches them on and off, whatever is behind them. */
import type { Instance } from '../contract.js';
import type { ManagedHost } from './managed.js';
import type { PoweredMachine } from './powered.js';

export abstract class MachineRegistry<M extends PoweredMachine> implements ManagedHost {
  protected readonly machines = new Map<string, M>();

  /** Returns the machine of an instance that has booted at least once and isn't terminated. */
  get(instanceId: string): M | undefined {
    return this.machines.get(instanceId);
  }

  all(): M[] {
    return [...this.machines.values()];
  }

  boot(instance: Instance): void {
    let machine = this.machines.get(instance.id);
    if (!machine) {
      machine = this.create(instance);
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

  /** The region ends. */
  abstract close(): Promise<void>;

  protected abstract create(instance: Instance): M;
}
