import { believed } from '../care/findings.js';
import type { ClusterState, Slot } from '../state.js';

/** Whether commands reach the instance of the slot. */
export const takesCommands = (state: ClusterState, slot: Slot): boolean =>
  slot.instance?.power === 'running' && slot.agentOnline && believed(state, slot.name, 'agent') === null;

/** The servers' slots, in their order. */
export const serversOf = (state: ClusterState): Slot[] =>
  Object.values(state.slots).filter((slot) => slot.role === 'server');

/**
 * The server that is restored, by the name of its slot: where the backup was rehearsed, as long as that instance is there; else one that takes
 * commands; else one with an instance; else the first, which gets a new one.
 */
export function restoreServer(state: ClusterState): string {
  const servers = serversOf(state);
  const rehearsed = state.restore?.rehearsedOn;
  const same = servers.find(({ name, instance }) => name === rehearsed?.slot && instance?.id === rehearsed.instanceId);
  const reached = same ?? servers.find((slot) => takesCommands(state, slot));
  return (reached ?? servers.find(({ instance }) => instance !== null))?.name ?? 'server-0';
}

/** Whether the backup lies rehearsed on the instance that the slot has now. */
export const isRehearsed = ({ restore, slots }: ClusterState, name: string): boolean =>
  restore?.backup != null &&
  restore.rehearsedOn?.slot === name &&
  slots[name]?.instance?.id === restore.rehearsedOn.instanceId;
