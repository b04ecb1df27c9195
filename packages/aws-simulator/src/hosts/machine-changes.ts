/**
 * What the admin API can do to a host: change its tags and its agent, which the simulator plays, and its service. Everything else happens
 * on the host itself.
 */
import { json } from '../admin-json.js';
import type { HttpReply, World } from '../contract.js';
import { touchAccountSide } from '../machine/account-side.js';
import type { ManagedMachine } from '../machine/managed.js';
import type { MachineChange } from '../machine-change.js';

const POSSIBLE = new Set<string>(['agent', 'agentStays', 'tags', 'service']);
const NO_UNIT = 3;

const verbs: Record<NonNullable<MachineChange['service']>, string> = {
  stop: 'stop',
  // systemd then follows the unit: it starts K3s again.
  kill: 'kill --signal=KILL',
  start: 'start --no-block',
};

/** Answers 409 for what only a model supports, and on a host without K3s. */
export async function changeHost(world: World, machine: ManagedMachine, wanted: MachineChange): Promise<HttpReply> {
  const { id } = machine;
  const impossible = Object.keys(wanted).filter((key) => !POSSIBLE.has(key));
  if (impossible.length > 0) {
    return json(409, { error: `${id} is a real host: ${impossible.join(', ')} cannot be set there by the admin API` });
  }
  if (wanted.service !== undefined && !(await touchService(machine, wanted.service))) {
    return json(409, { error: `${id} is down or has no K3s: cannot ${wanted.service} its service` });
  }
  world.note('outside', { instanceId: id, action: 'change', ...wanted });
  touchAccountSide(machine, wanted);
  return json(200, { id });
}

async function touchService(machine: ManagedMachine, service: NonNullable<MachineChange['service']>): Promise<boolean> {
  if (machine.boot === null) return false;
  const script = `for unit in k3s k3s-agent; do
  [ ! -e "/etc/systemd/system/$unit.service" ] || exec systemctl ${verbs[service]} "$unit"
done
exit ${NO_UNIT}
`;
  const { exitCode } = await machine.runScript('admin', script, 90, { stdout: 1_000, stderr: 1_000 }).finished;
  return exitCode === 0;
}
