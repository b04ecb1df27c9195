/** `k3s server`: bootstraps a cluster, joins one, or comes back to the one whose etcd data is on its disk. */
import type { Machine } from '../machine/machine.js';
import type { Service } from '../machine/unit.js';
import { ApiListener } from './api/listener.js';
import { renewCertificates } from './certificate.js';
import { type K3sConfig, readConfig } from './config.js';
import { MANIFESTS, readMember, removeResetFlag, sizeDatabase, unpackData, usedMiB, writeServerFiles } from './disk.js';
import { fatal } from './exit.js';
import { found } from './found.js';
import { joinServer } from './join-server.js';
import { rejoin } from './rejoin.js';
import type { Membership, RunningServer } from './running-server.js';
import { type Loaded, load } from './secrets.js';
import { awaitReady, causes, info, registerNode, type ServiceContext, warn } from './service-context.js';

export class ServerService implements Service, RunningServer {
  readonly machine: Machine;
  listening = false;
  membership: Membership | null = null;
  loaded: Loaded | null = null;
  private config: K3sConfig | null = null;
  private readonly api: ApiListener;
  private readonly ending = new AbortController();
  /** Aborts when the process leaves the cluster, however it ends. */
  private readonly leaving = new AbortController();

  constructor(private readonly context: ServiceContext) {
    this.machine = context.machine;
    this.api = new ApiListener(context);
  }

  get answers(): boolean {
    return this.listening && this.membership?.cluster.etcd.available === true;
  }

  get critical(): Record<string, string> | undefined {
    return this.config?.critical;
  }

  get version(): string {
    return this.context.version;
  }

  /** Fault point `k3s.start`, effect `exit`: the process ends at once, with the fault's message. */
  async start(signal: AbortSignal): Promise<void> {
    const { context, machine } = this;
    const { plane } = context;
    const config = readConfig(machine, context.exec, context.version);
    this.config = config;
    for (const warning of config.warnings) warn(context, warning);
    info(context, `Starting k3s ${context.version}`);
    const fault = plane.world.fault('k3s.start', { instanceId: machine.id, role: 'server' });
    if (fault?.effect === 'exit') throw fatal(fault.error?.message ?? 'exit by fault');

    plane.announce(this);
    removeResetFlag(machine);
    const mark = readMember(machine);
    const entered = (membership: Membership) => {
      this.membership = membership;
    };
    // What it began in the background ends with the process, also where systemd starts the next one at once.
    const ends = AbortSignal.any([signal, this.leaving.signal]);
    if (mark) await rejoin(context, config, mark, entered, ends);
    else if (config.server !== null) await joinServer(context, config, config.server, entered, ends);
    else await found(context, config, entered, ends);
    await this.becomeReady(config, signal);
  }

  async stop(): Promise<void> {
    const { context } = this;
    const wasReady = this.listening;
    const cluster = this.membership?.cluster;
    const waitedFor = [...(cluster?.membershipSpans() ?? []), ...(cluster?.stopSpans() ?? [])];
    cluster?.linkDelivery(this.machine.id);
    this.leave('graceful');
    if (!wasReady) return;
    const { world } = context.plane;
    const ms = world.profile.serviceStop;
    const drained = world.lastSpan(this.machine.id, 'drain');
    // The caller that ends the machine has read the result of its last command first.
    const isEnding = this.machine.instance.state !== 'running';
    const heard = isEnding ? world.lastSpan(this.machine.id, 'report')?.id : null;
    const after = causes(context, drained?.id, heard, ...waitedFor);
    await world
      .impose({ kind: 'serviceStop', instanceId: this.machine.id, ms, after, signal: this.ending.signal })
      .catch(() => null);
  }

  kill(): void {
    this.ending.abort();
    this.leave('crash');
  }

  removed(): void {
    this.context.exited(fatal('this node has been removed from the cluster, shutting down').message);
  }

  private async becomeReady(config: K3sConfig, signal: AbortSignal): Promise<void> {
    const { context, machine, membership } = this;
    if (!membership) throw fatal('etcd did not start');
    const { cluster } = membership;
    unpackData(machine, context.version);
    this.loaded = load(cluster.secrets.now, config);
    writeServerFiles(machine, this.loaded);
    renewCertificates(machine);
    // K3s defragments etcd whenever it starts. [k3s source: pkg/etcd]
    sizeDatabase(machine, usedMiB(machine));
    // K3s that finds an alarm of its own member disarms all of them. [k3s source: pkg/etcd, clearAlarms]
    if (cluster.etcd.alarms.has(membership.member.id)) cluster.etcd.alarms.clear();
    // Its API server is a new process: what failed in the old one does not fail in it.
    machine.troubles.failingChecks = [];
    await this.api.open(cluster, this.loaded.ca, config, () => this.answers);
    if (signal.aborted) return this.api.close();
    if (config.hasAgent) registerNode(context, config, cluster);
    this.listening = true;
    context.plane.world.note('k3s-serving', { instanceId: machine.id, cluster: cluster.founding.id });
    cluster.manifestFolders.set(machine.id, machine.path(MANIFESTS));
    cluster.etcd.wake();
    info(context, 'k3s is up and running');
    // The unit is active before the node is Ready: the kubelet starts when the API answers. [k3s: pkg/agent, Run]
    if (config.hasAgent) awaitReady(context, cluster, config.nodeName, this.leaving.signal);
  }

  private leave(how: 'graceful' | 'crash'): void {
    if (this.listening) this.context.plane.world.note('k3s-gone', { instanceId: this.machine.id, how });
    this.listening = false;
    this.leaving.abort();
    this.context.plane.withdraw(this);
    this.api.close();
    if (!this.membership || !this.config) return;
    const { cluster, member } = this.membership;
    cluster.manifestFolders.delete(this.machine.id);
    cluster.kubeletDown(this.config.nodeName, this.machine.id);
    cluster.etcd.stop(member, how);
    this.membership = null;
  }
}
