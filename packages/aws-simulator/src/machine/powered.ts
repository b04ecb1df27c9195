/** The power of one instance and its SSM agent: the same for a folder of this machine and for a host that a command drives. */
import type { Instance, World } from '../contract.js';
import { isAbort } from '../world.js';
import { Agent } from './agent.js';
import type { Kept, ManagedMachine, ScriptRun } from './managed.js';
import { mayRegister } from './registration.js';

export abstract class PoweredMachine implements ManagedMachine {
  readonly agent = new Agent();
  /** Aborts when this boot ends; null while the machine is down. */
  private power: AbortController | null = null;

  constructor(
    readonly world: World,
    public instance: Instance,
  ) {}

  get id(): string {
    return this.instance.id;
  }

  get boot(): AbortSignal | null {
    return this.power?.signal ?? null;
  }

  /** Power is on. Returns at once; the record shows a failure as `boot-failed`. */
  powerOn(instance: Instance): void {
    this.instance = instance;
    if (this.power) return;
    const power = new AbortController();
    this.power = power;
    this.startUp(power.signal).catch((error: unknown) => {
      if (!power.signal.aborted && !isAbort(error))
        this.world.note('boot-failed', { instanceId: this.id, error: String(error) });
    });
  }

  /** The operating system ends everything in order. */
  abstract shutdown(): Promise<void>;

  /** Power is cut: nothing ends in order. */
  abstract crash(): void;

  /** Power is cut for good; the disk goes with it. */
  abstract destroy(): Promise<void>;

  abstract runScript(name: string, script: string, timeoutSeconds: number, keep: Kept): ScriptRun;

  /** Brings the system up. @returns null without an SSM agent, else the spans before its registration */
  protected abstract startSystem(signal: AbortSignal): Promise<{ after: string[] } | null>;

  protected powerOff(): void {
    this.power?.abort();
    this.power = null;
  }

  /**
   * Fault points: `machine.boot` with effect `no-boot` (the system never comes up), `machine.agent` with effect `no-agent`
   * (it does, but the agent never registers).
   */
  private async startUp(signal: AbortSignal): Promise<void> {
    const { world, id, instance } = this;
    const about = { instanceId: id, region: instance.region };
    if (world.fault('machine.boot', about)?.effect === 'no-boot') return;
    const started = await this.startSystem(signal);
    if (started === null || instance.instanceProfile === null) return;
    if (world.fault('machine.agent', about)?.effect === 'no-agent') return;
    await this.untilAgentStarts(signal);
    const ms = world.profile.agentRegistration;
    await world.impose({ kind: 'agent', instanceId: id, ms, ...started, signal });
    if ((await mayRegister(world, instance)) && !signal.aborted) this.agent.register();
  }

  /** Resolves when the system is up far enough for its SSM agent. */
  protected untilAgentStarts(_signal: AbortSignal): Promise<void> {
    return Promise.resolve();
  }
}
