import { slotsOf } from '../ids.js';
import type { Plan } from '../plan/steps.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState } from '../state.js';
import { confirmedFinding } from './findings.js';
import { agentsUnreachable, deferredBy, type Obstacle, obstacleTo } from './obstacles.js';
import { outlookOf } from './outlook.js';
import { type Remediation, remediationFor } from './remediations.js';
import { replacementLimitOf } from './replacement-limit.js';
import { restartDue } from './restarts.js';

/** Problems that Keelson repairs now, and problems that wait, for what, and until when. */
export interface RemediationDecision {
  /** Repair of one existing node: at most one at a time. */
  repair: Remediation | null;
  /** Slots whose lost instance Keelson does not replace yet. */
  deferred: ReadonlySet<string>;
  /** Slots whose K3s Keelson does not start yet: it has just done so, or the agent is lost. */
  backingOff: ReadonlySet<string>;
  /** Why Keelson does not do what is due. */
  blocked: Obstacle | null;
  /** When to plan again, ISO 8601. */
  until: string | null;
  /** Next step for an instance in trouble and what it waits for, in words. */
  waitsFor: NonNullable<Plan['waitsFor']> | null;
}

/**
 * Weighs what is unhealthy. Lost instances come first, within the replacement rate limit, then services that are down; only without both
 * does Keelson restart, reboot or replace one existing node.
 *
 * @param now ISO 8601
 * @param open whether upkeep may be done now
 */
export function decideRemediation(
  document: ClusterDocument,
  state: ClusterState,
  now: string,
  open: boolean,
): RemediationDecision {
  const slots = slotsOf(document).flatMap(({ name }) => state.slots[name] ?? []);
  const limit = replacementLimitOf(state, now);
  const lost =
    state.initializedAt === null
      ? []
      : slots.filter(
          (slot) =>
            slot.instance?.unregistered === true ||
            (slot.instance === null && slot.lastInstanceId !== null && slot.launch === null),
        );
  const deferred = lost.slice(limit.budget);
  const down = slots.filter(
    (slot) => slot.instance !== null && slot.joined && slot.service === 'stopped' && slot.instance.power === 'running',
  );
  // Without an agent nothing can be started.
  const silent = down.filter((slot) => confirmedFinding(state, slot.name, 'agent') !== null);
  const backingOff = down.filter((slot) => silent.includes(slot) || isLater(restartDue(slot.restarts), now));
  const busy = lost.length > deferred.length || down.length > backingOff.length;
  const weighed = slots.flatMap((slot) => remediationFor(document, state, slot) ?? []);
  const ready = weighed.filter((one) => !isLater(one.due, now) && (open || !one.upkeep));
  const first = ready.find((one) => obstacleTo(document, state, one, limit.budget) === null) ?? null;
  const times = [
    ...backingOff.filter((slot) => !silent.includes(slot)).map((slot) => restartDue(slot.restarts)),
    ...weighed.map((one) => one.due),
    deferred.length > 0 || ready.some((one) => one.action === 'replace') ? limit.until : null,
  ].filter((time): time is string => time !== null && isLater(time, now));
  const obstacle =
    ready.map((one) => obstacleTo(document, state, one, limit.budget)).find((one) => one !== null) ?? null;
  return {
    repair: busy ? null : first,
    deferred: new Set(deferred.map((slot) => slot.name)),
    backingOff: new Set(backingOff.map((slot) => slot.name)),
    blocked:
      deferred.length > 0
        ? deferredBy(
            state,
            deferred.map((slot) => slot.name),
            limit.until,
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

/** Returns the first repair in line. */
function nextStepOf(
  document: ClusterDocument,
  state: ClusterState,
  waiting: readonly Remediation[],
): RemediationDecision['waitsFor'] {
  const [next] = [...waiting].sort((a, b) => (a.due ?? '').localeCompare(b.due ?? ''));
  if (next?.due == null) return null;
  const outlook = outlookOf(document, state, next.slot, next.due);
  return outlook === null
    ? null
    : { for: `the next step for ${next.slot.name} (${next.reason}): ${outlook}`, until: next.due };
}

const isLater = (time: string | null, now: string): boolean => time !== null && Date.parse(time) > Date.parse(now);
