/** All simulated Kubernetes clusters of the region, and the servers that run. */
import { randomBytes } from 'node:crypto';
import type { World } from '../contract.js';
import type { Machine } from '../machine/machine.js';
import type { KubeCluster } from './cluster.js';
import type { RunningServer } from './running-server.js';

interface Neighbours {
  all(): Machine[];
}

export class K3sPlane {
  /** By id, which the members' disks carry. */
  readonly clusters = new Map<string, KubeCluster>();
  private readonly servers = new Map<string, RunningServer>();

  constructor(
    readonly world: World,
    private readonly neighbours: Neighbours,
  ) {}

  /** Running servers register here, so that others find them by address. */
  announce(service: RunningServer): void {
    this.servers.set(service.machine.id, service);
  }

  withdraw(service: RunningServer): void {
    if (this.servers.get(service.machine.id) === service) this.servers.delete(service.machine.id);
  }

  /** Returns the running servers of a cluster. */
  serversOf(cluster: KubeCluster): RunningServer[] {
    return [...this.servers.values()].filter(({ membership }) => membership?.cluster === cluster);
  }

  serverOn(instanceId: string): RunningServer | undefined {
    return this.servers.get(instanceId);
  }

  /** Returns the supervisor that listens at `https://<address>:6443`, as seen from a machine; undefined means connection refused. */
  supervisorAt(url: string, from: Machine): RunningServer | undefined {
    const host = /^https:\/\/\[?([^\]/]+?)\]?(?::6443)?\/?$/.exec(url)?.[1];
    if (host === undefined) return undefined;
    const machine = this.neighbours
      .all()
      .find(
        ({ instance, boot }) =>
          boot !== null &&
          ((instance.privateIp === host && instance.vpcId === from.instance.vpcId) || instance.publicIp === host),
      );
    const service = machine && this.servers.get(machine.id);
    return service?.listening ? service : undefined;
  }

  newId(): string {
    return randomBytes(8).toString('hex');
  }
}
