import { slotsOf } from '../ids.js';
import type { Plan } from '../plan/steps.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { brakeOf, mostReplacements } from './brake.js';
import { believed } from './findings.js';
import { type Repair, remedyFor } from './remedies.js';
import { restartDue } from './restarts.js';

/** What of all that is not well is put right now, and what has to wait, for what, and until when. */
export interface Care {
  /** What is done for one node that is there: at most one at a time. */
  repair: Repair | null;
  /** Slots whose lost instance is not replaced yet. */
  parked: ReadonlySet<string>;
  /** Slots whose K3s is not started again yet, for it has just been. */
  resting: ReadonlySet<string>;
  /** Why something is not done that should be. */
  blocked: NonNullable<Plan['blocked']> | null;
  /** When it is worth to plan again, ISO 8601. */
  until: string | null;
}

/**
 * Weighs what is not well. Lost instances come first, within what the storm brake allows, then services that are down; only when there is
 * nothing of both, one node that is there is restarted, rebooted or replaced.
 *
 * @param now ISO 8601
 * @param open whether upkeep may be done now
 */
export function careOf(document: ClusterDocument, state: ClusterState, now: string, open: boolean): Care {
  const slots = slotsOf(document).flatMap(({ name }) => state.slots[name] ?? []);
  const brake = brakeOf(state, now);
  const lost =
    state.bornAt === null
      ? []
      : slots.filter((slot) => slot.instance === null && slot.lastInstanceId !== null && slot.launch === null);
  const parked = lost.slice(brake.left);
  const down = slots.filter(
    (slot) => slot.instance !== null && slot.joined && slot.service === 'stopped' && slot.instance.power === 'running',
  );
  const resting = down.filter((slot) => isLater(restartDue(slot.restarts), now));
  const busy = lost.length > parked.length || down.length > resting.length;
  const weighed = slots.flatMap((slot) => remedyFor(document, state, slot) ?? []);
  const ready = weighed.filter((one) => !isLater(one.due, now) && (open || !one.upkeep));
  const first = ready.find((one) => obstacleTo(document, state, one, brake.left) === null) ?? null;
  const times = [
    ...resting.map((slot) => restartDue(slot.restarts)),
    ...weighed.map((one) => one.due),
    parked.length > 0 || ready.some((one) => one.remedy === 'replace') ? brake.until : null,
  ].filter((time): time is string => time !== null && isLater(time, now));
  const obstacle = ready.map((one) => obstacleTo(document, state, one, brake.left)).find((one) => one !== null) ?? null;
  return {
    repair: busy ? null : first,
    parked: new Set(parked.map((slot) => slot.name)),
    resting: new Set(resting.map((slot) => slot.name)),
    blocked:
      parked.length > 0
        ? parkedBy(
            state,
            parked.map((slot) => slot.name),
            brake.until,
          )
        : obstacle,
    until: times.sort()[0] ?? null,
  };
}

const isLater = (time: string | null, now: string): boolean => time !== null && Date.parse(time) > Date.parse(now);

function obstacleTo(document: ClusterDocument, state: ClusterState, repair: Repair, left: number): Care['blocked'] {
  const { slot, remedy, reason } = repair;
  const silent = Object.values(state.slots).filter((one) => believed(state, one.name, 'agent') !== null);
  if (
    believed(state, slot.name, 'agent') !== null &&
    silent.length > 1 &&
    silent.length > Object.keys(state.slots).length / 2
  ) {
    return {
      code: 'AgentsLost',
      message: `SSM has lost the agents of ${silent.length} nodes at once (${silent.map((one) => one.name).join(', ')}): it may be SSM, or the way to it`,
      advice:
        'nothing is rebooted or replaced for that; see the AWS health page, endpoints, routes and the instance profile',
    };
  }
  if (remedy === 'replace' && slot.role === 'server' && document.spec.mode === 'dev') {
    return {
      code: 'OnlyServer',
      message: `${slot.name} (${slot.instance?.id}): ${reason}; it is the only server, and its disk is all there is`,
      advice:
        'nothing is done by itself: save what is on it (a snapshot, the volume), then stop and start the cluster, or delete it and make it anew',
    };
  }
  const others = slot.role === 'server' ? unwellBeside(state, slot) : [];
  if (others.length > 0) {
    return {
      code: 'QuorumAtRisk',
      message: `${slot.name}: ${reason}; it would: ${remedy} it; but ${others.join(', ')} is not well either, and the quorum could be lost`,
      advice:
        'nothing is done to it before the others are well: mend one by hand, or see why K3s does not come up there',
    };
  }
  return remedy === 'replace' && left === 0 ? parkedBy(state, [slot.name], null) : null;
}

/** Servers that do not serve or vote, besides this one. */
function unwellBeside(state: ClusterState, slot: Slot): string[] {
  return Object.values(state.slots)
    .filter((one) => one.role === 'server' && one.name !== slot.name)
    .filter(
      (one) =>
        one.instance?.power !== 'running' ||
        !one.joined ||
        one.service !== 'running' ||
        (['ready', 'voter', 'readyz'] as const).some((kind) => believed(state, one.name, kind) !== null),
    )
    .map((one) => one.name);
}

function parkedBy(state: ClusterState, names: string[], until: string | null): NonNullable<Care['blocked']> {
  const when = until === null ? '' : `; the next one may be at ${until}`;
  return {
    code: 'RepairParked',
    message: `${names.join(', ')}: to be replaced, but ${mostReplacements(state)} nodes were within the last hour${when}`,
    advice: 'see why nodes are lost (`keelson events`); `keelson repair` replaces them at once',
  };
}
