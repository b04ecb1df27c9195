/** What SSM and the admin API need of a machine, of whatever kind: a folder, or a host of a command. */
import type { Instance, MachineHost, World } from '../contract.js';
import type { Agent } from './agent.js';
import type { Finished } from './processes.js';

export interface ManagedMachine {
  readonly id: string;
  readonly world: World;
  readonly instance: Instance;
  readonly agent: Agent;
  /** The signal of the present boot, or null while the machine is down. */
  readonly boot: AbortSignal | null;
  /**
   * Runs a script as the SSM agent does.
   *
   * @param name of the run, for its files
   * @param keep how many characters of each output stream are kept
   */
  runScript(name: string, script: string, timeoutSeconds: number, keep: Kept): ScriptRun;
}

export interface Kept {
  stdout: number;
  stderr: number;
}

export interface ScriptRun {
  finished: Promise<Finished & { timedOut: boolean }>;
  /** Ends the script and what it has started, as the agent does at a cancel. */
  kill(): void;
}

/** A machine host that knows its machines. */
export interface ManagedHost extends MachineHost {
  /** Returns the machine of an instance that has booted at least once and isn't terminated. */
  get(instanceId: string): ManagedMachine | undefined;
  all(): ManagedMachine[];
}

/** @throws Error for a host without machines, as some tests have it */
export function managedBy(host: MachineHost): ManagedHost {
  if ('get' in host && 'all' in host) return host as ManagedHost;
  throw new Error('SSM needs a host that keeps machines: this one keeps none.');
}
