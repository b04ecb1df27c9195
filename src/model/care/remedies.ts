import { slotsOf } from '../ids.js';
import { nodeConfigOf } from '../plan/wanted.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { type Course, courseOf, type MachineRemedy } from './course.js';
import { DATABASE_LIMIT_MIB } from './facts.js';
import { believed, type FindingKind } from './findings.js';
import { restartDue } from './restarts.js';

export interface Repair {
  slot: Slot;
  remedy: MachineRemedy;
  reason: string;
  /** Not before, ISO 8601; null for at once. */
  due: string | null;
  /** It can wait for the window: the node serves. */
  upkeep: boolean;
}

/** What a restart has not mended is not tried by another one for a day. */
const UPKEEP_MS = 86_400_000;

/** What is done about a node whose instance runs and of which two looks have said that something is wrong; null for nothing. */
export function remedyFor(document: ClusterDocument, state: ClusterState, slot: Slot): Repair | null {
  if (slot.instance?.power !== 'running') return null;
  const course = courseOf(document, state, slot);
  if (course !== null) {
    if (course.remedy !== null && isOfMachine(document, state, slot, course))
      return { slot, remedy: course.remedy, reason: reasonOf(course), due: course.due, upkeep: false };
    // A node that takes no orders cannot be asked to restart anything.
    if (course.findings.agent !== undefined) return null;
  }
  return slot.joined ? serviceRepair(document, state, slot, course !== null) : unjoinedRepair(state, slot);
}

/**
 * Whether the machine may be what is wrong. Where nothing but a NotReady is held against it, it may as well be K3s: one that is down is
 * started again, and one that does not get well under a configuration or a version that is new to the node is restarted, and that is all.
 */
function isOfMachine(document: ClusterDocument, state: ClusterState, slot: Slot, course: Course): boolean {
  const { ready: _, ...others } = course.findings;
  if (Object.keys(others).length > 0) return true;
  if (course.remedy === 'restart') return true;
  if (isChanging(document, state, slot)) return false;
  const { notReadySince: since, powerCycledAt: cycled } = slot;
  return slot.service === 'running' || (since !== null && cycled !== null && cycled >= since);
}

/** A change is under way on the node, or has failed there. */
function isChanging(document: ClusterDocument, state: ClusterState, slot: Slot): boolean {
  const wanted = slotsOf(document).find((one) => one.name === slot.name);
  if (wanted === undefined || slot.instance === null) return false;
  if (slot.installed !== document.spec.k3s.version) return true;
  return slot.configHash !== nodeConfigOf(document, state, wanted, slot, slot.instance).hash;
}

function reasonOf({ findings, says }: Course): string {
  const texts = Object.values(findings).map((one) => one.text);
  const whole = texts.join(', and ');
  return says === 'Ready' ? `${whole}; Kubernetes calls the node Ready` : whole;
}

/** What a restart of K3s mends on a machine that is well. */
function serviceRepair(document: ClusterDocument, state: ClusterState, slot: Slot, inTrouble: boolean): Repair | null {
  if (slot.service !== 'running') return null;
  const because = (kind: FindingKind): string | null => {
    const finding = believed(state, slot.name, kind);
    return finding?.doubtedAt === null ? finding.text : null;
  };
  const restart = (reason: string, due: string | null, upkeep = false): Repair => ({
    slot,
    remedy: 'restart',
    reason,
    due,
    upkeep,
  });
  const full = makesRoom(slot) ? because('nospace') : null;
  // What is written meanwhile is refused: that does not wait for the window, nor for the day after the last upkeep.
  const failing = because('readyz') ?? full;
  if (failing !== null) return restart(failing, restartDue(slot.restarts));
  if (inTrouble) return null;
  // The only server is not stopped while it still takes what is written.
  const filling = document.spec.mode === 'ha' && makesRoom(slot) ? because('database') : null;
  const upkeep = because('certificates') ?? filling;
  return upkeep === null ? null : restart(upkeep, slot.upkeepAt && later(slot.upkeepAt, UPKEEP_MS), true);
}

/**
 * A new instance on which K3s was never started holds nothing, and one whose node was removed from Kubernetes is on its way out: where
 * something is held against such a one, it is replaced at once.
 */
function unjoinedRepair(state: ClusterState, slot: Slot): Repair | null {
  const kinds: FindingKind[] = slot.configHash === null ? CHECKS : [...CHECKS, 'agent', 'ready'];
  for (const kind of kinds) {
    const finding = believed(state, slot.name, kind);
    if (finding?.doubtedAt === null) return { slot, remedy: 'replace', reason: finding.text, due: null, upkeep: false };
  }
  return null;
}

const CHECKS: FindingKind[] = ['system-check', 'instance-check'];

/**
 * K3s defragments etcd and takes its alarms away at each start. [k3s source: pkg/etcd, clearAlarms] A database that is full of what is in use
 * would be as large as before.
 */
const makesRoom = ({ facts }: Slot): boolean => (facts?.databaseUsedMiB ?? 0) < DATABASE_LIMIT_MIB;

const later = (from: string, ms: number): string => new Date(Date.parse(from) + ms).toISOString();
