/** The states of an instance and how long it stays in each: pending, running, stopping, stopped, shutting-down, terminated. */
import type { InstanceState, MachineHost, Span } from '../contract.js';
import type { EventBus } from '../events/bus.js';
import { isAbort, type LocalWorld } from '../world.js';
import type { Account, Ec2Instance, StatusCheck } from './account.js';

/** An operating system that does not go down in this time loses its power. */
const SHUTDOWN_MS = 30_000;

/** Latencies that had to end before the power could go: the last of each kind, because a report may belong to another command. */
const BEFORE_POWER_OFF = ['serviceStop', 'report', 'drain'];

export class Lifecycle {
  private readonly turns = new Map<string, AbortController>();

  constructor(
    private readonly world: LocalWorld,
    private readonly host: MachineHost,
    private readonly bus: EventBus,
  ) {}

  /** pending -> running, after the call that launched it. */
  launch(account: Account, instance: Ec2Instance, call: Span): void {
    this.turn(instance, async (signal) => {
      const failure = this.world.fault('launch', about(instance));
      await this.world.impose({
        kind: 'launch',
        instanceId: instance.id,
        ms: this.world.profile.launch,
        after: [call.id],
        signal,
      });
      if (failure?.effect === 'fail') {
        const code = String(failure.data?.['code'] ?? 'Server.InternalError');
        this.bury(account, instance, { code, message: `${code}: the launch failed` });
        return;
      }
      this.powerOn(account, instance);
    });
  }

  /** stopped -> pending -> running; the private address stays, the public one is another. [docs: EC2 stop and start] */
  start(account: Account, instance: Ec2Instance): void {
    this.enter(instance, 'pending');
    this.turn(instance, async (signal) => {
      const before = this.world.lastSpan(instance.id, 'stop');
      await this.world.impose({
        kind: 'start',
        instanceId: instance.id,
        ms: this.world.profile.start,
        after: idsOf(before),
        signal,
      });
      this.powerOn(account, instance);
    });
  }

  /** running -> stopping -> stopped. */
  stop(account: Account, instance: Ec2Instance, options: { force: boolean; by: string }): void {
    const wasRunning = instance.state === 'running';
    this.enter(instance, 'stopping', {
      code: `${options.by}InitiatedShutdown`,
      message: `${options.by}InitiatedShutdown`,
    });
    this.turn(instance, async (signal) => {
      if (wasRunning) await this.powerOff(instance, options.force);
      const after = idsOf(...BEFORE_POWER_OFF.map((kind) => this.world.lastSpan(instance.id, kind)));
      await this.world.impose({ kind: 'stop', instanceId: instance.id, ms: this.world.profile.stop, after, signal });
      this.dropPublicAddress(account, instance);
      this.enter(instance, 'stopped');
    });
  }

  /** Any state -> shutting-down -> terminated. A launch under way is given up. */
  terminate(account: Account, instance: Ec2Instance, options: { force: boolean; by: string }): void {
    if (instance.state === 'terminated' || instance.state === 'shutting-down') return;
    const wasRunning = instance.state === 'running';
    const reason = { code: `${options.by}InitiatedShutdown`, message: `${options.by}InitiatedShutdown` };
    this.enter(instance, 'shutting-down', reason);
    this.turn(instance, async (signal) => {
      if (wasRunning) await this.powerOff(instance, options.force);
      const after = idsOf(...BEFORE_POWER_OFF.map((kind) => this.world.lastSpan(instance.id, kind)));
      await this.world.impose({
        kind: 'terminate',
        instanceId: instance.id,
        ms: this.world.profile.terminate,
        after,
        signal,
      });
      await this.host.destroy(instance);
      this.bury(account, instance, reason);
    });
  }

  /** The state stays running. */
  reboot(instance: Ec2Instance): void {
    this.turn(instance, async () => {
      await this.host.reboot(instance);
      instance.boots++;
      instance.failing = instance.failing.filter((check) => check !== 'instance');
    });
  }

  /** The operating system has died: EC2 still calls the instance running, and its instance status check fails. */
  crash(instance: Ec2Instance): void {
    this.host.crash(instance);
    this.fail(instance, 'instance');
    this.world.note('crash', { instanceId: instance.id });
  }

  /** A status check fails from now on. */
  fail(instance: Ec2Instance, check: StatusCheck): void {
    instance.failing = [...new Set([...instance.failing, check])];
  }

  /** EC2's automatic recovery: another host, in a reboot; id, addresses and volumes stay. [docs: EC2 instance recovery] */
  recover(instance: Ec2Instance): void {
    this.turn(instance, async () => {
      await this.host.reboot(instance);
      instance.boots++;
      instance.failing = [];
    });
  }

  private powerOn(account: Account, instance: Ec2Instance): void {
    if (instance.wantsPublicIp) instance.publicIp = account.publicAddresses.take(instance.privateIp);
    instance.boots++;
    instance.failing = [];
    this.enter(instance, 'running');
    for (const { volumeId, deviceName } of instance.blockDevices)
      if (deviceName !== instance.rootDeviceName) this.host.plug?.(instance, volumeId);
    this.host.boot(instance);
  }

  private async powerOff(instance: Ec2Instance, force: boolean): Promise<void> {
    if (force) {
      this.host.crash(instance);
      return;
    }
    const given = new AbortController();
    const patience = this.world.wait(SHUTDOWN_MS, given.signal).then(() => this.host.crash(instance));
    patience.catch(() => undefined);
    await Promise.race([this.host.shutdown(instance), patience]);
    given.abort();
  }

  private bury(account: Account, instance: Ec2Instance, reason: { code: string; message: string }): void {
    this.dropPublicAddress(account, instance);
    account.privateAddresses.release(instance.subnetId, instance.privateIp);
    for (const device of instance.blockDevices) {
      const volume = account.volumes.get(device.volumeId);
      if (device.deleteOnTermination) {
        account.volumes.delete(device.volumeId);
        this.host.erase?.(device.volumeId);
      } else if (volume !== undefined) volume.instanceId = null;
    }
    instance.blockDevices = [];
    this.enter(instance, 'terminated', reason);
  }

  private dropPublicAddress(account: Account, instance: Ec2Instance): void {
    if (instance.publicIp !== null) account.publicAddresses.release(instance.publicIp);
    instance.publicIp = null;
  }

  private enter(
    instance: Ec2Instance,
    state: InstanceState,
    reason: { code: string; message: string } | null = null,
  ): void {
    instance.state = state;
    instance.stateReason = reason;
    instance.changedAt = Date.now();
    instance.transitionReason = reason === null ? '' : `User initiated (${new Date().toISOString()})`;
    this.world.note('state', { ...about(instance), state });
    this.bus.instanceState(instance, state);
  }

  /** One transition at a time; a new one ends the wait of the one before. */
  private turn(instance: Ec2Instance, work: (signal: AbortSignal) => Promise<void>): void {
    this.turns.get(instance.id)?.abort();
    const turn = new AbortController();
    this.turns.set(instance.id, turn);
    const done = work(turn.signal).finally(() => {
      if (this.turns.get(instance.id) === turn) this.turns.delete(instance.id);
    });
    this.world.background(`transition of ${instance.id}`, ignoreAbort(done));
  }
}

/** Returns an instance's data for fault points and notes. */
export function about(instance: Ec2Instance): Record<string, unknown> {
  const { id, region, zone, type } = instance;
  return { instanceId: id, region, zone, instanceType: type };
}

function idsOf(...spans: (Span | undefined)[]): string[] {
  return spans.flatMap((span) => (span === undefined ? [] : [span.id]));
}

async function ignoreAbort(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}
