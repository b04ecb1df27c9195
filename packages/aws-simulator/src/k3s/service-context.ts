/** What a K3s service is started with, and what servers and agents do alike. */
import type { World } from '../contract.js';
import type { Machine } from '../machine/machine.js';
import type { KubeCluster } from './cluster.js';
import type { K3sConfig } from './config.js';
import { nodePassword } from './disk.js';
import { logLine } from './exit.js';
import type { K3sPlane } from './plane.js';

export interface ServiceContext {
  plane: K3sPlane;
  machine: Machine;
  /** Words of ExecStart. */
  exec: string[];
  /** Of the binary that was started. */
  version: string;
  log: (line: string) => void;
  /** The process has exited unasked after it was ready. */
  exited: (message: string) => void;
}

export function info(context: ServiceContext, message: string): void {
  context.log(logLine('info', message));
}

export function warn(context: ServiceContext, message: string): void {
  context.log(logLine('warning', message));
}

/**
 * Spans on a machine that a start of its service had to wait for: the command that asked for it, the binary, the boot, a reset of its etcd, and
 * the end of the process before: `systemctl restart` starts nothing before that. [docs: systemctl]
 */
export function causes(context: ServiceContext, ...more: (string | null | undefined)[]): string[] {
  const own = spansOf(context.plane.world, context.machine.id, 'deliver', 'download', 'boot', 'restore', 'serviceStop');
  return [...own, ...more.filter((id) => typeof id === 'string')];
}

/** Returns the last ended span of each of these kinds on a machine. */
export const spansOf = (world: World, instanceId: string, ...kinds: string[]): string[] =>
  kinds.flatMap((kind) => world.lastSpan(instanceId, kind)?.id ?? []);

/**
 * The kubelet comes up in the background: imposes `ready` for a node that Kubernetes has not seen yet; one that comes back finds its
 * network configured and is there at once.
 */
export function awaitReady(
  { machine, plane }: ServiceContext,
  cluster: KubeCluster,
  nodeName: string,
  signal: AbortSignal,
): void {
  if (cluster.nodes.get(nodeName)?.seen) {
    cluster.kubeletUp(nodeName);
    return;
  }
  const { world } = plane;
  const started = world.lastSpan(machine.id, 'found', 'serve', 'agentJoin', 'rejoin');
  const span = { kind: 'ready', instanceId: machine.id, ms: world.profile.ready, after: started ? [started.id] : [] };
  world.impose({ ...span, signal }).then(
    () => cluster.kubeletUp(nodeName),
    // The process has ended, or the region has.
    () => undefined,
  );
}

/** Registers the node under its name; shown as not ready until its kubelet is up. A kubelet that was broken is a new process now. */
export function registerNode(context: ServiceContext, config: K3sConfig, cluster: KubeCluster): void {
  const { machine, version } = context;
  const architecture = machine.instance.architecture === 'arm64' ? 'arm64' : 'amd64';
  const troubles = machine.troubles.kubelet;
  troubles.notReady = false;
  cluster.register(config, { instanceId: machine.id, architecture, version, troubles }, nodePassword(machine));
}
