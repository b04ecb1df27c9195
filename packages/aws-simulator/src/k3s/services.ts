/** The main process of a machine's K3s unit: a server, an agent, or one that ends at once. */
import { existsSync } from 'node:fs';
import type { Machine } from '../machine/machine.js';
import { type Service, ServiceExit, type ServiceFactory } from '../machine/unit.js';
import { AgentService } from './agent-service.js';
import { binaryVersion } from './binary-version.js';
import type { K3sPlane } from './plane.js';
import { ServerService } from './server-service.js';

/** Makes it from the unit's ExecStart. */
export function servicesOn(plane: K3sPlane, machine: Machine): ServiceFactory {
  return (unit, exited) => {
    const [program = '', verb] = unit.exec;
    const binary = machine.path(program);
    if (!existsSync(binary))
      return exits(`${unit.name}: Failed at step EXEC spawning ${program}: No such file or directory`);
    const version = binaryVersion(binary);
    if (version === null) return exits(`${unit.name}: Failed at step EXEC spawning ${program}: Exec format error`);
    const log = (line: string) => machine.systemd.log(unit.name, line);
    const context = { plane, machine, exec: unit.exec, version, log, exited };
    return verb === 'agent' ? new AgentService(context) : new ServerService(context);
  };
}

function exits(message: string): Service {
  return {
    start: () => Promise.reject(new ServiceExit(message)),
    stop: () => Promise.resolve(),
    kill: () => undefined,
  };
}
