import { slotsOf } from '../ids.js';
import type { Plan } from '../plan/steps.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState } from '../state.js';
import { brakeOf } from './brake.js';
import { believed } from './findings.js';
import { agentsUnreachable, type Obstacle, obstacleTo, parkedBy } from './obstacles.js';
import { outlookOf } from './outlook.js';
import { type Repair, remedyFor } from './remedies.js';
import { restartDue } from './restarts.js';

/** Which problems are repaired now, and which have to wait, for what, and until when. */
export interface Care {
  /** What is done for one node that is there: at most one at a time. */
  repair: Repair | null;
  /** Slots whose lost instance is not replaced yet. */
  parked: ReadonlySet<string>;
  /** Slots whose K3s is not started again yet: it has just been, or no order arrives there. */
  resting: ReadonlySet<string>;
  /** Why something is not done that should be. */
  blocked: Obstacle | null;
  /** When it is worth to plan again, ISO 8601. */
  until: string | null;
  /** The next step for an instance in trouble and what it waits for, in words. */
  waitsFor: NonNullable<Plan['waitsFor']> | null;
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
      : slots.filter(
          (slot) =>
            slot.instance?.unregistered === true ||
            (slot.instance === null && slot.lastInstanceId !== null && slot.launch === null),
        );
  const parked = lost.slice(brake.left);
  const down = slots.filter(
    (slot) => slot.instance !== null && slot.joined && slot.service === 'stopped' && slot.instance.power === 'running',
  );
  // Nothing can be started where no order arrives.
  const silent = down.filter((slot) => believed(state, slot.name, 'agent') !== null);
  const resting = down.filter((slot) => silent.includes(slot) || isLater(restartDue(slot.restarts), now));
  const busy = lost.length > parked.length || down.length > resting.length;
  const weighed = slots.flatMap((slot) => remedyFor(document, state, slot) ?? []);
  const ready = weighed.filter((one) => !isLater(one.due, now) && (open || !one.upkeep));
  const first = ready.find((one) => obstacleTo(document, state, one, brake.left) === null) ?? null;
  const times = [
    ...resting.filter((slot) => !silent.includes(slot)).map((slot) => restartDue(slot.restarts)),
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
        : (obstacle ?? agentsUnreachable(state)),
    until: times.sort()[0] ?? null,
    waitsFor: nextStepOf(
      document,
      state,
      weighed.filter((one) => isLater(one.due, now) && !one.upkeep),
    ),
  };
}

/** Of the repair whose turn comes first. */
function nextStepOf(document: ClusterDocument, state: ClusterState, waiting: readonly Repair[]): Care['waitsFor'] {
  const [next] = [...waiting].sort((a, b) => (a.due ?? '').localeCompare(b.due ?? ''));
  if (next?.due == null) return null;
  const outlook = outlookOf(document, state, next.slot, next.due);
  return outlook === null
    ? null
    : { for: `the next step for ${next.slot.name} (${next.reason}): ${outlook}`, until: next.due };
}

const isLater = (time: string | null, now: string): boolean => time !== null && Date.parse(time) > Date.parse(now);
