/** Slot that the machine of a drill is tagged with. Slots of nodes end in a number, so no node has it. */
export const DRILL_SLOT = 'drill';

/** Returns the id of the workflow that drills a cluster's backups: one at a time. */
export const drillIdOf = (cluster: string): string => `drill/${cluster}`;

/** A drill that is under way. */
export interface RunningDrill {
  /** Operation id of the request, or an id for a scheduled drill. */
  ref: string;
  /** Generation of the slot `drill`. */
  generation: number;
  /** ISO 8601. */
  since: string;
}

/** Result of a drill. */
export interface DrillReport {
  ref: string;
  /** ISO 8601. */
  startedAt: string;
  endedAt: string;
  /** Backup that was restored; null if there was none. */
  backup: string | null;
  /** How long its machine existed, in seconds; 0 when none was launched. */
  machineSeconds: number;
  instanceType: string | null;
  /** Objects in the restored cluster, of the kinds that the manifest counts. */
  objects: number;
  /** Why the backup is not proven; null when it is. */
  problem: { code: string; message: string; hint: string } | null;
}

/** State of drills: of the last one alone, however many there were. */
export interface DrillState {
  /** Someone has asked for a drill that has not begun. */
  asked: boolean;
  running: RunningDrill | null;
  last: DrillReport | null;
}

export const noDrill = (): DrillState => ({ asked: false, running: null, last: null });

/** Reads a report from a signal, which anyone may send. @returns null for anything else */
export function readDrillReport(value: unknown): DrillReport | null {
  if (typeof value !== 'object' || value === null) return null;
  const one = value as Partial<Record<keyof DrillReport, unknown>>;
  const { ref, startedAt, endedAt, backup, machineSeconds, instanceType, objects, problem } = one;
  if (typeof ref !== 'string' || !isTime(startedAt) || !isTime(endedAt)) return null;
  if (typeof machineSeconds !== 'number' || typeof objects !== 'number') return null;
  const read = {
    ref,
    startedAt,
    endedAt,
    machineSeconds,
    objects,
    backup: text(backup),
    instanceType: text(instanceType),
  };
  if (problem === null) return { ...read, problem: null };
  const { code, message, hint } = (problem ?? {}) as Record<string, unknown>;
  if (typeof code !== 'string') return null;
  return { ...read, problem: { code: cut(code), message: cut(message), hint: cut(hint) } };
}

/** The state carries the report, and people read it in one line. */
const MOST = 500;

const isTime = (value: unknown): value is string => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const text = (value: unknown): string | null => (typeof value === 'string' ? cut(value) : null);
const cut = (value: unknown): string => (typeof value === 'string' ? value.slice(0, MOST) : '');
