/** What the desk can do to a host: to its tags and its agent, which are ours, and to its service. All else is done on the host itself. */
import { json } from '../admin-json.js';
import type { HttpReply, World } from '../contract.js';
import { touchAccountSide } from '../machine/account-side.js';
import type { ManagedMachine } from '../machine/managed.js';
import type { Tampering } from '../tampering.js';

const POSSIBLE = new Set<string>(['agent', 'agentStays', 'tags', 'service']);
const NO_UNIT = 3;

const verbs: Record<NonNullable<Tampering['service']>, string> = {
  stop: 'stop',
  // What systemd does then is as the unit says: K3s's is started again.
  kill: 'kill --signal=KILL',
  start: 'start --no-block',
};

/** Answers 409 for what only a model can be told, and where K3s is not installed. */
export async function tamperWithHost(world: World, machine: ManagedMachine, wanted: Tampering): Promise<HttpReply> {
  const { id } = machine;
  const impossible = Object.keys(wanted).filter((key) => !POSSIBLE.has(key));
  if (impossible.length > 0) {
    return json(409, { error: `${id} is a real host: ${impossible.join(', ')} cannot be set there by the desk` });
  }
  if (wanted.service !== undefined && !(await touchService(machine, wanted.service))) {
    return json(409, { error: `${id} is down or has no K3s: cannot ${wanted.service} its service` });
  }
  world.note('somebody', { instanceId: id, action: 'tamper', ...wanted });
  touchAccountSide(machine, wanted);
  return json(200, { id });
}

async function touchService(machine: ManagedMachine, service: NonNullable<Tampering['service']>): Promise<boolean> {
  if (machine.boot === null) return false;
  const script = `for unit in k3s k3s-agent; do
  [ ! -e "/etc/systemd/system/$unit.service" ] || exec systemctl ${verbs[service]} "$unit"
done
exit ${NO_UNIT}
`;
  const { exitCode } = await machine.runScript('desk', script, 90, { stdout: 1_000, stderr: 1_000 }).finished;
  return exitCode === 0;
}
