import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { DATABASE_LIMIT_MIB } from './facts.js';
import { believed, type FindingKind } from './findings.js';
import { restartDue } from './restarts.js';

/** What is done for a node that is there and not well. */
export type Remedy = 'replace' | 'reboot' | 'restart';

export interface Repair {
  slot: Slot;
  remedy: Remedy;
  reason: string;
  /** Not before, ISO 8601; null for at once. */
  due: string | null;
  /** It can wait for the window: the node serves. */
  upkeep: boolean;
}

/** A reboot takes a minute or two, and the agent registers within two more. [docs: SSM agent; facts of issue tracker amazon-ssm-agent#202] */
export const REBOOT_MS = 4 * 60_000;
/** What a restart has not mended is not tried by another one for a day. */
const UPKEEP_MS = 86_400_000;

/**
 * What a node wants that runs and of which two looks have said that it is not well; null for nothing. A node that EC2 or SSM has lost is not
 * asked to restart anything: first it is rebooted, once, then it is replaced.
 */
export function remedyFor(document: ClusterDocument, state: ClusterState, slot: Slot): Repair | null {
  if (slot.instance?.power !== 'running') return null;
  // What the last look has not seen any more may be over: the next one tells.
  const because = (kind: FindingKind): string | null => {
    const finding = believed(state, slot.name, kind);
    return finding?.doubtedAt === null ? finding.text : null;
  };
  const repair = (remedy: Remedy, reason: string, due: string | null = null, upkeep = false): Repair => ({
    slot,
    remedy,
    reason,
    due,
    upkeep,
  });
  const impaired = because('impaired');
  if (impaired !== null) return repair('replace', impaired);
  const lost = because('agent');
  if (lost !== null) {
    if (slot.rebootedAt === null) return slot.joined ? repair('reboot', lost) : null;
    return repair('replace', `${lost}, and a reboot did not bring it back`, later(slot.rebootedAt, REBOOT_MS));
  }
  if (!slot.joined || slot.service !== 'running') return null;
  const ill = because('ready') ?? because('readyz');
  if (ill !== null) return repair('restart', ill, restartDue(slot.restarts));
  const full = makesRoom(slot) ? because('nospace') : null;
  // What is written meanwhile is refused: that does not wait for the window, nor for the day after the last upkeep.
  if (full !== null) return repair('restart', full, restartDue(slot.restarts));
  // The only server is not stopped while it still takes what is written.
  const filling = document.spec.mode === 'ha' && makesRoom(slot) ? because('database') : null;
  const upkeep = because('certificates') ?? filling;
  if (upkeep !== null) return repair('restart', upkeep, slot.upkeepAt && later(slot.upkeepAt, UPKEEP_MS), true);
  return null;
}

/**
 * K3s defragments etcd and takes its alarms away at each start. [k3s source: pkg/etcd, clearAlarms] A database that is full of what is in use
 * would be as large as before.
 */
const makesRoom = ({ facts }: Slot): boolean => (facts?.databaseUsedMiB ?? 0) < DATABASE_LIMIT_MIB;

const later = (from: string, ms: number): string => new Date(Date.parse(from) + ms).toISOString();
