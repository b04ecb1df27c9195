import { slotIn } from '../ids.js';
import { nodeConfigOf } from '../plan/wanted.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { type Course, courseOf, type RemediationAction } from './course.js';
import { DATABASE_LIMIT_MIB } from './facts.js';
import { confirmedFinding, type FindingKind, findingKey } from './findings.js';
import { restartDue } from './restarts.js';

export interface Remediation {
  slot: Slot;
  action: RemediationAction;
  reason: string;
  /** Earliest time, ISO 8601; null for at once. */
  due: string | null;
  /** It can wait for the window: the node serves. */
  upkeep: boolean;
}

/** Keelson does not repeat a restart that has not helped within a day. */
const UPKEEP_MS = 86_400_000;

/** Returns the repair of a running instance's node for which two observations have confirmed a finding; null for none. */
export function remediationFor(document: ClusterDocument, state: ClusterState, slot: Slot): Remediation | null {
  if (slot.instance?.power !== 'running') return null;
  if (!slot.joined) return unjoinedRepair(state, slot);
  const course = courseOf(document, state, slot);
  // Without its agent a node cannot restart anything. Where one observation has seen it lost, a second one decides: a restart would wait for it.
  const agentInDoubt = state.findings[findingKey(slot.name, 'agent')] !== undefined;
  const action = course?.action === 'restart' && agentInDoubt ? null : (course?.action ?? null);
  if (course !== null && action !== null && isOfMachine(document, state, slot, course))
    return { slot, action, reason: reasonOf(course), due: course.due, upkeep: false };
  return agentInDoubt ? null : serviceRepair(document, state, slot, course !== null);
}

/**
 * Returns whether the machine may be at fault. If NotReady is the only finding, the cause may be K3s: Keelson starts one that is down,
 * restarts one that a new configuration or version keeps from becoming healthy, and does no more.
 */
function isOfMachine(document: ClusterDocument, state: ClusterState, slot: Slot, course: Course): boolean {
  const { ready: _, ...others } = course.findings;
  if (Object.keys(others).length > 0) return true;
  if (course.action === 'restart') return true;
  if (isChanging(document, state, slot)) return false;
  const { notReadySince: since, powerCycledAt: cycled } = slot;
  return slot.service === 'running' || (since !== null && cycled !== null && cycled >= since);
}

/** Returns whether a change is under way on the node, or has failed there. */
function isChanging(document: ClusterDocument, state: ClusterState, slot: Slot): boolean {
  const wanted = slotIn(document, slot.name);
  if (wanted === undefined || slot.instance === null) return false;
  if (slot.installed !== document.spec.k3s.version) return true;
  return slot.configHash !== nodeConfigOf(document, state, wanted, slot, slot.instance).hash;
}

function reasonOf({ findings, says }: Course): string {
  const texts = Object.values(findings).map((one) => one.text);
  const whole = texts.join(', and ');
  return says === 'Ready' ? `${whole}; Kubernetes calls the node Ready` : whole;
}

/** Returns what a restart of K3s repairs on a healthy machine. */
function serviceRepair(
  document: ClusterDocument,
  state: ClusterState,
  slot: Slot,
  inTrouble: boolean,
): Remediation | null {
  if (slot.service !== 'running') return null;
  const because = (kind: FindingKind): string | null => {
    const finding = confirmedFinding(state, slot.name, kind);
    return finding?.pendingSince === null ? finding.text : null;
  };
  const restart = (reason: string, due: string | null, upkeep = false): Remediation => ({
    slot,
    action: 'restart',
    reason,
    due,
    upkeep,
  });
  const full = makesRoom(slot) ? because('nospace') : null;
  // Until then etcd refuses writes: this waits neither for the window nor for the day after the last upkeep.
  const failing = because('readyz') ?? full;
  if (failing !== null) return restart(failing, restartDue(slot.restarts));
  if (inTrouble) return null;
  // The only server is not stopped while it still accepts writes.
  const filling = document.spec.mode === 'ha' && makesRoom(slot) ? because('database') : null;
  const upkeep = because('certificates') ?? filling;
  return upkeep === null ? null : restart(upkeep, slot.upkeepAt && later(slot.upkeepAt, UPKEEP_MS), true);
}

/**
 * A new instance on which K3s never started holds nothing, and one whose node was removed from Kubernetes is about to go: Keelson replaces
 * such an instance at the first finding.
 */
function unjoinedRepair(state: ClusterState, slot: Slot): Remediation | null {
  const kinds: FindingKind[] = slot.configHash === null ? CHECKS : [...CHECKS, 'agent', 'ready'];
  for (const kind of kinds) {
    const finding = confirmedFinding(state, slot.name, kind);
    if (finding?.pendingSince === null)
      return { slot, action: 'replace', reason: finding.text, due: null, upkeep: false };
  }
  return null;
}

const CHECKS: FindingKind[] = ['system-check', 'instance-check'];

/**
 * K3s defragments etcd and clears its alarms at each start. [k3s source: pkg/etcd, clearAlarms] A database that is full of live data would
 * stay as large.
 */
const makesRoom = ({ facts }: Slot): boolean => (facts?.databaseUsedMiB ?? 0) < DATABASE_LIMIT_MIB;

const later = (from: string, ms: number): string => new Date(Date.parse(from) + ms).toISOString();
