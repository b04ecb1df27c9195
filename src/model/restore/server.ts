import { confirmedFinding } from '../health/findings.js';
import type { ClusterState, Slot } from '../state.js';

/** Returns whether commands reach the instance of the slot. */
export const takesCommands = (state: ClusterState, slot: Slot): boolean =>
  slot.instance?.power === 'running' && slot.agentOnline && confirmedFinding(state, slot.name, 'agent') === null;

/** Returns the servers' slots, in their order. */
export const serversOf = (state: ClusterState): Slot[] =>
  Object.values(state.slots).filter((slot) => slot.role === 'server');

/**
 * Returns the slot of the server that is restored: the one that rehearsed the backup, while its instance exists; else one that takes
 * commands; else one with an instance; else the first, which gets a new one.
 */
export function restoreServer(state: ClusterState): string {
  const servers = serversOf(state);
  const rehearsed = state.restore?.rehearsedOn;
  const same = servers.find(({ name, instance }) => name === rehearsed?.slot && instance?.id === rehearsed.instanceId);
  const reached = same ?? servers.find((slot) => takesCommands(state, slot));
  return (
    (reached ?? servers.find(({ instance }) => instance !== null && instance.unregistered !== true))?.name ?? 'server-0'
  );
}

/** Returns whether the slot's present instance has rehearsed the backup. */
export const isRehearsed = ({ restore, slots }: ClusterState, name: string): boolean =>
  restore?.backup != null &&
  restore.rehearsedOn?.slot === name &&
  slots[name]?.instance?.id === restore.rehearsedOn.instanceId;
