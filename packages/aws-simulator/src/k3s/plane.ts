/** All simulated Kubernetes clusters of the region, and the service of each machine. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { World } from '../contract.js';
import type { Machine } from '../machine/machine.js';
import { type Service, ServiceExit, type ServiceFactory } from '../machine/unit.js';
import { AgentService } from './agent-service.js';
import type { KubeCluster } from './cluster.js';
import { ServerService } from './server-service.js';

interface Neighbours {
  all(): Machine[];
}

export class K3sPlane {
  /** By id, which the members' disks carry. */
  readonly clusters = new Map<string, KubeCluster>();
  private readonly servers = new Map<string, ServerService>();

  constructor(
    readonly world: World,
    private readonly neighbours: Neighbours,
  ) {}

  /** Makes the main process of a machine's unit from its ExecStart. */
  services(machine: Machine): ServiceFactory {
    return (unit, exited) => {
      const [program = '', verb] = unit.exec;
      const binary = machine.path(program);
      if (!existsSync(binary))
        return exits(`${unit.name}: Failed at step EXEC spawning ${program}: No such file or directory`);
      const version = binaryVersion(binary);
      if (version === null) return exits(`${unit.name}: Failed at step EXEC spawning ${program}: Exec format error`);
      const log = (line: string) => machine.systemd.log(unit.name, line);
      const context = { plane: this, machine, exec: unit.exec, version, log, exited };
      return verb === 'agent' ? new AgentService(context) : new ServerService(context);
    };
  }

  /** Running servers register here, so that others find them by address. */
  announce(service: ServerService): void {
    this.servers.set(service.machine.id, service);
  }

  withdraw(service: ServerService): void {
    if (this.servers.get(service.machine.id) === service) this.servers.delete(service.machine.id);
  }

  /** Returns the running servers of a cluster. */
  serversOf(cluster: KubeCluster): ServerService[] {
    return [...this.servers.values()].filter(({ membership }) => membership?.cluster === cluster);
  }

  serverOn(instanceId: string): ServerService | undefined {
    return this.servers.get(instanceId);
  }

  /** Returns the supervisor that listens at `https://<address>:6443`, as seen from a machine; undefined means connection refused. */
  supervisorAt(url: string, from: Machine): ServerService | undefined {
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

/** Returns the version of a K3s stand-in; null for another file. */
export function binaryVersion(path: string): string | null {
  try {
    return /^K3S_STAND_IN_VERSION='([^']+)'$/m.exec(readFileSync(path, 'latin1'))?.[1] ?? null;
  } catch {
    return null;
  }
}

function exits(message: string): Service {
  return {
    start: () => Promise.reject(new ServiceExit(message)),
    stop: () => Promise.resolve(),
    kill: () => undefined,
  };
}
