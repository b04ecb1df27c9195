/**
 * An instance whose scripts are not run but answered by rule: a machine like those that are folders, with the same boots, agent, systemd, K3s and disk,
 * but no process. What the rules leave out stands in the README of this folder.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promoteAt } from '../k3s/etcd-client-port.js';
import { runProgram } from '../k3s/handle.js';
import type { Machines } from '../machine/host.js';
import { Machine } from '../machine/machine.js';
import type { Kept, ScriptRun } from '../machine/managed.js';
import type { Finished } from '../machine/processes.js';
import type { CommandReply } from '../machine/systemctl.js';
import { decodeUserData } from '../machine/user-data.js';
import { readCommand, readUserData } from './command.js';
import { Jobs, printed } from './jobs.js';
import type { PaperNode } from './node.js';
import { found } from './rules/found.js';
import { healthProbe } from './rules/health-probe.js';
import { prefetch } from './rules/install.js';
import { makeSealKey, type SealKey } from './seal-key.js';

/** How SSM's agent ends a script. */
const KILLED: Finished = { exitCode: null, signal: 'SIGKILL', stdout: '', stderr: '' };

export class PaperMachine extends Machine implements PaperNode {
  private readonly jobs = new Jobs(this);
  private key: SealKey | null = null;
  private hasRunUserData = false;

  /** @param machines all of the region */
  constructor(
    private readonly machines: Machines,
    ...of: ConstructorParameters<typeof Machine>
  ) {
    super(...of);
  }

  sealKey(): SealKey {
    this.key ??= makeSealKey();
    return this.key;
  }

  /** Its disk is a copy of that machine's, which has had its first boot and made its key. */
  continueFrom(other: PaperMachine): void {
    this.key = other.sealKey();
    this.hasRunUserData = true;
  }

  program(name: string, args: string[]): Promise<CommandReply> {
    return runProgram(this.world, this.machines, this, name, args);
  }

  askForVote(host: string, memberId: string): void {
    promoteAt(this.machines.k3s, this, host, memberId);
  }

  get server() {
    return this.machines.k3s.serverOn(this.id);
  }

  override runScript(_name: string, script: string, timeoutSeconds: number, keep: Kept): ScriptRun {
    let end: (finished: Finished & { timedOut: boolean }) => void = () => undefined;
    const ended = new Promise<Finished & { timedOut: boolean }>((resolve) => {
      end = resolve;
    });
    const timer = setTimeout(() => end({ ...KILLED, timedOut: true }), timeoutSeconds * 1_000);
    const answered = this.answer(script).catch((error: unknown) => ({ ...printed(1, ''), stderr: String(error) }));
    void answered.then(({ stdout, ...rest }) =>
      end({ ...rest, stdout: stdout.slice(0, keep.stdout), timedOut: false }),
    );
    // A job outlives the command that has started it, as on a node.
    return { finished: ended.finally(() => clearTimeout(timer)), kill: () => end({ ...KILLED, timedOut: false }) };
  }

  private async answer(script: string): Promise<Finished> {
    const { boot } = this;
    const command = readCommand(script);
    if (boot === null) return KILLED;
    if (command === null)
      return { ...printed(127, ''), stderr: 'nodes on paper run no scripts but those of Keelson\n' };
    return command === 'health-probe' ? await healthProbe(this) : await this.jobs.command(command, boot);
  }

  /** There are none: jobs end with the boot. */
  override killProcesses(): Promise<void> {
    return Promise.resolve();
  }

  protected override endProcesses(): Promise<void> {
    return Promise.resolve();
  }

  protected override prepareDisk(): void {
    for (const below of ['etc/systemd/system', 'usr/local/bin', 'var/lib', 'var/log'])
      mkdirSync(join(this.folder.root, below), { recursive: true });
  }

  /** Keelson's own: the key, K3s in its place, and on the first server the cluster. Other user data is not run. */
  protected override async runUserData(boot: AbortSignal): Promise<number | null> {
    const params = readUserData(decodeUserData(this.instance.userData));
    if (this.hasRunUserData || params === null) return null;
    this.hasRunUserData = true;
    this.sealKey();
    if (!(await prefetch(this, params, boot))) return 1;
    if (params['FOUNDING'] !== undefined) await this.jobs.atFirstBoot(params, boot, found);
    return 0;
  }
}
