import type { ServerDisk } from '../../../activities/api.js';
import type { Plan } from '../../../model/plan/index.js';
import { KEELSON } from '../../../model/requests/sender.js';
import { automaticRestore } from '../../../model/restore/automatic.js';
import { serversOf } from '../../../model/restore/server.js';
import { restoreOf } from '../../../model/restore/state.js';
import { activities } from '../../lib/activities.js';
import { detailOf, isCancelled } from '../../lib/errors.js';
import { type Cluster, callContext, emit, now } from '../context.js';
import { endOperation } from '../operation/history.js';

/** First pause before Keelson asks EC2 again for disks that are left; later ones are as long as the quorum has been lost, up to the longest. */
const FIRST_MS = 15_000;
const LONGEST_MS = 15 * 60_000;

/** `held`: why a person decides; `again`: in how many milliseconds that may be otherwise, null where it takes an event. */
export type Unasked = { begun: true } | { begun: false; held: string; again: number | null };

/**
 * Begins a restore of the newest backup where the document allows it and nothing can be lost by it: not by the carried state, and not by what EC2
 * says now. A terminated instance gives its volume back a moment later, so what is left is looked at again.
 *
 * @returns null where the document does not ask for it
 */
export async function restoreWithoutRequest(cluster: Cluster, lost: { message: string }): Promise<Unasked | null> {
  const { state } = cluster;
  const before = automaticRestore(state, now());
  if (before === null) return null;
  if (before.held !== null) return { begun: false, held: waitsFor(before.held), again: null };
  const disks = await disksOf(cluster);
  // A request may have come meanwhile.
  const after = automaticRestore(state, now());
  if (after === null) return null;
  if (after.held !== null) return { begun: false, held: waitsFor(after.held), again: null };
  if (disks !== null) return { begun: false, held: waitsFor(disks), again: untilAgain(cluster) };
  if (state.operation !== null) endOperation(cluster, 'failed');
  state.restore = restoreOf({ ref: `r${state.jobCount}`, from: after.backup });
  state.breakers = {};
  state.lastRequest = null;
  state.specGeneration += 1;
  state.requestedBy = KEELSON;
  const message = `${lost.message}; no disk of a server is left: backup ${after.backup} is restored (spec.backup.restore: automatic)`;
  emit(cluster, 'Warning', 'AutomaticRestore', message);
  return { begun: true };
}

const waitsFor = (held: string): string => `spec.backup.restore is automatic, and a person decides: ${held}`;

/** What EC2 still has of the servers, or why it does not tell; null when nothing is left. */
async function disksOf(cluster: Cluster): Promise<string | null> {
  const { state } = cluster;
  const instanceIds = serversOf(state).flatMap(({ lastInstanceId }) => lastInstanceId ?? []);
  try {
    const found = await activities.findServerDisks('find disks of servers that still exist', {
      ...callContext(cluster),
      instanceIds,
    });
    const disks = found.filter((disk) => !isOlder(cluster, disk)).map(({ id, slot }) => `${id} (${slot || 'no slot'})`);
    return disks.length === 0 ? null : `EC2 still has ${disks.slice(0, 4).join(', ')}`;
  } catch (error) {
    if (isCancelled(error)) throw error;
    return `EC2 does not tell whether a disk of a server is left (${detailOf(error)?.code ?? 'no answer'})`;
  }
}

/** Whether it was saved of a node before the backup: the backup holds what it holds. */
const isOlder = ({ state: { kept, backup } }: Cluster, { id }: ServerDisk): boolean =>
  kept.some((one) => one.id === id && backup.at !== null && one.at < backup.at);

function untilAgain({ state: { lastError } }: Cluster): number {
  const since = lastError?.code === 'QuorumLost' ? Date.parse(lastError.at) : Date.now();
  return Math.min(LONGEST_MS, Math.max(FIRST_MS, Date.now() - since));
}

/** What is lost, with what keeps Keelson from a restore of its own before what a person can do. */
export const withHeld = (blocked: NonNullable<Plan['blocked']>, { held }: { held: string }): typeof blocked => ({
  ...blocked,
  hint: `${held}; ${blocked.hint}`,
});
