/** What someone else does to a machine behind Keelson's back: `POST /_region/machines/<id>`. The README says what each key does. */
import { json, withBody } from './admin-json.js';
import type { HttpReply, MachineHost, World } from './contract.js';
import { changeHost } from './hosts/machine-changes.js';
import { DAY_MS } from './k3s/ca.js';
import { sizeDatabase, usedMiB } from './k3s/disk.js';
import type { Alarm } from './k3s/etcd.js';
import type { Membership } from './k3s/running-server.js';
import { touchAccountSide } from './machine/account-side.js';
import { setReading } from './machine/false-reading.js';
import { foldersOf, machinesOf } from './machine/host.js';
import type { Machine } from './machine/machine.js';
import { managedBy } from './machine/managed.js';
import type { Unit } from './machine/unit.js';
import { changeSchema, type MachineChange } from './machine-change.js';

/** Carries out one request. A service that is stopped has stopped before the answer. */
export function serveMachineChange(
  world: World,
  host: MachineHost,
  id: string,
  body: Buffer,
): HttpReply | Promise<HttpReply> {
  return withBody(body, 'what can be done to a machine', changeSchema, async (wanted) => {
    const managed = managedBy(host).get(id);
    if (managed === undefined) return json(404, { error: `there is no machine ${id}` });
    const machine = foldersOf(host)?.get(id);
    if (machine === undefined) return changeHost(world, managed, wanted);
    const unit = unitOf(machine);
    if (wanted.service !== undefined && (unit === null || machine.boot === null)) {
      return json(409, { error: `${id} is down or has no K3s: cannot ${wanted.service} its service` });
    }
    world.note('outside', { instanceId: id, action: 'change', ...wanted });
    touchSystem(machine, wanted);
    touchK3s(machine, wanted);
    if (wanted.alarm !== undefined) setAlarm(machinesOf(host).k3s.serverOn(id)?.membership, wanted.alarm);
    if (unit !== null) await touchService(unit, wanted);
    return json(200, { id });
  });
}

function touchSystem(machine: Machine, wanted: MachineChange): void {
  const { folder } = machine;
  touchAccountSide(machine, wanted);
  if (wanted.diskUsedPercent !== undefined) setReading(folder, 'df', wanted.diskUsedPercent);
  if (wanted.clockOffsetSeconds !== undefined) setReading(folder, 'date', wanted.clockOffsetSeconds);
}

function touchK3s(machine: Machine, wanted: MachineChange): void {
  const { troubles } = machine;
  const { certificateDays, authorityDays, databaseMiB, databaseUsedMiB, pressure, readyz, notReady } = wanted;
  const inDays = (days: number | null): number | null => (days === null ? null : Date.now() + days * DAY_MS);
  if (certificateDays !== undefined) troubles.certificatesEnd = inDays(certificateDays);
  if (authorityDays !== undefined) troubles.authoritiesEnd = inDays(authorityDays);
  if (databaseUsedMiB !== undefined) troubles.databaseUsedMiB = databaseUsedMiB;
  if (databaseMiB !== undefined) sizeDatabase(machine, databaseMiB ?? usedMiB(machine));
  if (pressure !== undefined) troubles.kubelet.pressure = pressure;
  if (readyz !== undefined) troubles.failingChecks = readyz;
  if (notReady !== undefined) troubles.kubelet.notReady = notReady;
}

/** The member raises it, or no one has raised one any more. A machine without a member has none to raise. */
function setAlarm(membership: Membership | null | undefined, alarm: Alarm | null): void {
  if (!membership) return;
  const { alarms } = membership.cluster.etcd;
  if (alarm === null) alarms.clear();
  else alarms.set(membership.member.id, alarm);
}

/** After all else, so that a start finds it. */
async function touchService(unit: Unit, { service }: MachineChange): Promise<void> {
  if (service === 'stop') await unit.stop();
  if (service === 'kill') unit.fail();
  if (service === 'start') unit.start();
}

function unitOf({ systemd }: Machine): Unit | null {
  return systemd.unit('k3s.service') ?? systemd.unit('k3s-agent.service');
}
