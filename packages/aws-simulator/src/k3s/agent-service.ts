/** `k3s agent`: asks a server again and again until it is let in, as K3s does, and then reports as a Node. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../machine/unit.js';
import { checkToken, PASSWORD_REJECTED } from './admission.js';
import { renewCertificates } from './certificate.js';
import type { KubeCluster } from './cluster.js';
import { type K3sConfig, readConfig } from './config.js';
import { nodePassword, unpackData, writeAgentFiles } from './disk.js';
import { fatal, logLine } from './exit.js';
import type { Loaded } from './secrets.js';
import { awaitReady, causes, info, registerNode, type ServiceContext, warn } from './service-context.js';

/** K3s's agent tries its server again after two seconds. */
const RETRY_MS = 2_000;

export class AgentService implements Service {
  private cluster: KubeCluster | null = null;
  private nodeName = '';
  private readonly ending = new AbortController();
  private readonly leaving = new AbortController();

  constructor(private readonly context: ServiceContext) {}

  async start(signal: AbortSignal): Promise<void> {
    const { context } = this;
    const { plane, machine } = context;
    const config = readConfig(machine, context.exec, context.version);
    for (const warning of config.warnings) warn(context, warning);
    info(context, `Starting k3s agent ${context.version}`);
    const fault = plane.world.fault('k3s.start', { instanceId: machine.id, role: 'agent' });
    if (fault?.effect === 'exit') throw fatal(fault.error?.message ?? 'exit by fault');
    if (config.server === null) throw fatal('--server is required');

    const { cluster, loaded } = await this.reach(config, config.server, signal);
    const after = causes(context, cluster.founding.foundSpan, cluster.restoredSpan);
    const ms = plane.world.profile.agentJoin;
    await plane.world.impose({ kind: 'agentJoin', instanceId: machine.id, ms, after, signal });
    await cluster.etcd.until(() => cluster.etcd.available, signal);
    unpackData(machine, context.version);
    writeAgentFiles(machine, loaded);
    renewCertificates(machine);
    registerNode(context, config, cluster);
    this.cluster = cluster;
    this.nodeName = config.nodeName;
    info(context, 'k3s agent is up and running');
    awaitReady(context, cluster, config.nodeName, this.leaving.signal);
  }

  async stop(): Promise<void> {
    const { context } = this;
    const { world } = context.plane;
    const wasUp = this.cluster !== null;
    this.leave();
    if (!wasUp) return;
    const { id } = context.machine;
    const ms = world.profile.serviceStop;
    // As a server: pods leave a node before its K3s does.
    const after = causes(context, world.lastSpan(id, 'drain')?.id);
    const span = { kind: 'serviceStop', instanceId: id, ms, after, signal: this.ending.signal };
    await world.impose(span).catch(() => null);
  }

  kill(): void {
    this.ending.abort();
    this.leave();
  }

  private leave(): void {
    this.leaving.abort();
    this.cluster?.kubeletDown(this.nodeName, this.context.machine.id);
    this.cluster = null;
  }

  private async reach(
    config: K3sConfig,
    url: string,
    signal: AbortSignal,
  ): Promise<{ cluster: KubeCluster; loaded: Loaded }> {
    const { context } = this;
    const { plane, machine } = context;
    const pause = Math.min(RETRY_MS, plane.world.profile.agentJoin / 4);
    for (;;) {
      const supervisor = plane.supervisorAt(url, machine);
      const cluster = supervisor?.answers ? supervisor.membership?.cluster : undefined;
      const loaded = supervisor?.loaded;
      if (!cluster || !loaded) {
        context.log(logLine('error', `failed to get CA certs: Get "${url}/cacerts": connect: connection refused`));
      } else {
        checkToken(loaded, config, url);
        if (cluster.acceptsPassword(config.nodeName, nodePassword(machine))) return { cluster, loaded };
        warn(context, PASSWORD_REJECTED);
      }
      await sleep(pause, null, { signal, ref: false });
    }
  }
}
