import { forgetFindings } from '../health/findings.js';
import type { InstanceObservation } from '../observation.js';
import { areSettling, sameGroups } from '../security-groups/of-instance.js';
import type { ClusterState, Slot } from '../state.js';
import { lostInstance } from './lost-instance.js';

/** What AWS says of a cluster's instances, at a time. */
export interface Observation {
  at: string;
  instances: InstanceObservation[];
  /** Ids that EC2 shows in no answer, not even as terminated. */
  unlisted?: readonly string[];
}

/**
 * How long after its launch an unlisted instance counts as hidden and not as gone: EC2 lists ended instances as terminated for about an
 * hour. The EC2 API is eventually consistent, and documents no bound; its own advice is to repeat for minutes. [docs: EC2 instance
 * lifecycle; EC2 API, eventual consistency]
 */
const HIDDEN_MS = 10 * 60_000;

/**
 * Returns a copy of the state with the observation: a lost instance leaves its slot empty, and one that someone else has stopped or started
 * is noted so.
 */
export function absorb(state: ClusterState, observation: Observation): ClusterState {
  const seen = new Map(observation.instances.map((view) => [view.id, view]));
  const slots: Record<string, Slot> = {};
  let { findings } = state;
  for (const [name, slot] of Object.entries(state.slots)) {
    const next = isHidden(slot, observation) ? slot : absorbSlot(slot, seen, observation.at);
    slots[name] = next;
    // For a lost or stopped instance nothing else matters.
    if (next.instance?.power !== 'running') findings = forgetFindings(findings, name);
  }
  return { ...state, slots, findings };
}

function isHidden({ instance }: Slot, { at, unlisted = [] }: Observation): boolean {
  if (instance === null || !unlisted.includes(instance.id)) return false;
  return Date.parse(at) - Date.parse(instance.launchedAt) < HIDDEN_MS;
}

function absorbSlot(slot: Slot, seen: Map<string, InstanceObservation>, at: string): Slot {
  if (slot.instance === null) return slot;
  const view = seen.get(slot.instance.id);
  if (view === undefined || view.state === 'terminated' || view.state === 'shutting-down') {
    return { ...lostInstance(slot), lost: { instanceId: slot.instance.id, at, how: 'was terminated' } };
  }
  const running = view.state === 'running' || view.state === 'pending';
  const was = slot.instance.power === 'running';
  const { untagged: _, ...instance } = slot.instance;
  return {
    ...slot,
    agentOnline: slot.agentOnline && running && was,
    service: running && was ? slot.service : 'stopped',
    measured: running && was ? slot.measured : {},
    groups: groupsSeen(slot, view, at),
    instance: {
      ...instance,
      ...(view.untagged && { untagged: view.untagged }),
      type: view.type,
      // An instance that is about to start has none yet.
      publicIp: view.state === 'pending' ? slot.instance.publicIp : view.publicIp,
      power: running ? 'running' : 'stopped',
    },
  };
}

/** What EC2 shows of the groups counts, unless Keelson has just set others. */
function groupsSeen(slot: Slot, { groups: seen }: InstanceObservation, at: string): string[] | null {
  const { groups } = slot;
  if (seen === undefined || (groups !== null && (sameGroups(seen, groups) || areSettling(slot, at)))) return groups;
  return seen;
}
