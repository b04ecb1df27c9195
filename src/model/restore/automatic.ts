import { backupFresh } from '../backup/condition.js';
import { isServerSlot, UNKNOWN_INSTANCE } from '../ids.js';
import { quorumLost } from '../plan/quorum-lost.js';
import type { ClusterState } from '../state.js';
import { serversOf } from './server.js';

/** Whether Keelson may restore without a request, as far as the carried state tells. `backup` is the one; else `held` says why a person decides. */
export type AutomaticRestore = { backup: string; held: null } | { backup: null; held: string };

/**
 * Judges whether a restore of the newest backup can lose anything: no disk of a server is left, and nothing that Keelson knows of was done after the
 * backup that a restore would undo. EC2 has to prove the first one once more before it begins.
 *
 * @param now ISO 8601
 * @returns null where the quorum is not lost, the document does not ask for it, or something else is wanted of the cluster
 */
export function automaticRestore(state: ClusterState, now: string): AutomaticRestore | null {
  const { backup, document, desiredState, paused, restore, adoption } = state;
  if (document.spec.backup?.restore !== 'automatic' || quorumLost(state) === null) return null;
  if (desiredState !== 'running' || paused || restore !== null || adoption !== 'done') return null;
  const held = diskLeft(state) ?? unnamed(state) ?? outdated(state, now) ?? asked(state);
  return held === null && backup.id !== null
    ? { backup: backup.id, held: null }
    : { backup: null, held: held ?? 'Keelson knows of no backup' };
}

/** The first disk that may hold what the backup lacks, as far as it is known. */
function diskLeft(state: ClusterState): string | null {
  const { foreign, kept, unobserved, backup } = state;
  const left = serversOf(state).find(({ instance }) => instance !== null);
  if (left?.instance) {
    const why = left.joined ? 'whose disk may hold what the backup lacks' : 'for a repair or a restore had begun';
    return `${left.name} has ${left.instance.id}, ${why}`;
  }
  const [other] = foreign;
  if (other !== undefined) return `${other.id} carries the cluster's tags and is not known to be one of its instances`;
  if (unobserved.own.some(({ subject }) => subject === 'instances'))
    return 'EC2 does not tell which instances there are';
  const saved = kept.find(({ slot, at }) => isServerSlot(slot) && (backup.at === null || at >= backup.at));
  return saved === undefined ? null : `${saved.kind} ${saved.id} of ${saved.slot} is younger than the backup`;
}

/** The first server of which nothing tells the last instance: EC2 is asked for disks by their tags and by these ids, and tags can be taken away. */
function unnamed(state: ClusterState): string | null {
  const lost = serversOf(state).find(({ lastInstanceId }) => lastInstanceId === UNKNOWN_INSTANCE);
  if (lost === undefined) return null;
  return `nothing names the last instance of ${lost.name}, so EC2 cannot prove that its disk is gone`;
}

/** Why the newest backup is not what the cluster was a moment ago. */
function outdated(state: ClusterState, now: string): string | null {
  const { at, id, supersededBy } = state.backup;
  if (at === null || id === null) return 'Keelson knows of no backup';
  const [fresh] = backupFresh(state, now);
  if (fresh?.status !== 'True') return fresh?.message ?? 'there is no schedule for backups';
  if (at > now) return `backup ${id} is of a time that has not come yet: the clock was wrong`;
  return supersededBy === undefined ? null : `a ${supersededBy} came after backup ${id}, which would undo it`;
}

/** What a person wants that a restore without their word would pass over. */
function asked({ document, rotation }: ClusterState): string | null {
  if (!document.spec.health.autoRepair) return 'spec.health.autoRepair is false';
  return rotation === null ? null : `a rotation (${rotation.what}) is under way, which a restore would undo`;
}
