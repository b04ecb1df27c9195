import { isServerSlot, nodeNameOf } from '../../../model/ids.js';
import { parseVersion } from '../../../model/k3s/version.js';
import type { NodeObservation } from '../../../model/observation.js';
import type { ClusterState } from '../../../model/state.js';

type Known = Pick<ClusterState, 'document' | 'slots'>;

/** How many nodes without a slot the state carries at most: leftovers of replaced instances. Keelson makes no more of them. */
const MOST_WITHOUT_SLOT = 100;
const PRESSURES: readonly string[] = ['MemoryPressure', 'DiskPressure', 'PIDPressure'];

/**
 * Reads the `node.<name>=<ready>,<votes>,<version>,<schedulable>,<ip>,<pressures>` lines of the verify script. A node's own report is not
 * proof: only names that Keelson gives count, only servers vote, and a version that K3s does not have reads `unknown`.
 *
 * @param known the cluster's document and slots
 */
export function parseNodes(result: Record<string, string>, known: Known): NodeObservation[] {
  const views = Object.entries(result).flatMap(([key, value]): NodeObservation[] => {
    if (!key.startsWith('node.')) return [];
    const name = key.slice('node.'.length);
    const slot = slotNamed(name, known);
    if (slot === null) return [];
    const [ready, voter, version = '', schedulable, internalIp = '', pressures = '-'] = value.split(',');
    const pressing = pressures.split('+').filter((one) => PRESSURES.includes(one));
    return [
      {
        name,
        ready: ready === 'True',
        voter: !isServerSlot(slot) || (voter !== 'True' && voter !== 'False') ? null : voter === 'True',
        version: parseVersion(version) === null ? 'unknown' : version,
        schedulable: schedulable === 'true',
        internalIp,
        ...(result['labels'] === 'compared' && { differs: result[`differs.${name}`] ?? '' }),
        ...(pressing.length > 0 && { pressures: pressing }),
      },
    ];
  });
  // The job of an agent reports no nodes, and a large cluster has hundreds of such jobs.
  if (views.length === 0) return [];
  const owned = new Set(Object.values(known.slots).map((slot) => slot.nodeName));
  const stale = views.filter((view) => !owned.has(view.name));
  return stale.length <= MOST_WITHOUT_SLOT
    ? views
    : [...views.filter((view) => owned.has(view.name)), ...stale.slice(0, MOST_WITHOUT_SLOT)];
}

/**
 * Returns the members of etcd that belong to no server of the cluster: those without a Node (`member.<name>=`, by their address before they
 * have started), and Nodes of other names that etcd lists. Each counts against the quorum.
 */
export function parseStrayMembers(result: Record<string, string>, known: Known): string[] {
  return Object.entries(result).flatMap(([key, value]) => {
    if (key.startsWith('member.')) return key.slice('member.'.length);
    if (!key.startsWith('node.')) return [];
    const name = key.slice('node.'.length);
    const votes = value.split(',')[1];
    return slotNamed(name, known) === null && (votes === 'True' || votes === 'False') ? name : [];
  });
}

/** Returns the slot whose node has this name, of any generation; null for a name that Keelson does not give in this cluster. */
function slotNamed(name: string, { document, slots }: Known): string | null {
  const cluster = document.metadata.name;
  const rest = name.startsWith(`${cluster}-`) ? name.slice(cluster.length + 1) : '';
  const [, slot, generation] = /^([a-z0-9-]+-\d+)-g(\d{1,6})$/.exec(rest) ?? [];
  if (slot !== undefined && name === nodeNameOf(cluster, slot, Number(generation))) return slot;
  return Object.values(slots).find(({ nodeName }) => nodeName === name)?.name ?? null;
}
