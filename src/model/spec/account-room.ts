import { slotsOf, type WantedSlot } from '../ids.js';
import type { AccountFacts, Unfit } from './account-facts.js';
import type { ClusterDocument } from './schema.js';

/**
 * Subnets that have fewer free addresses than nodes are to be launched: all but the last nodes would be made, and the others would fail one by one.
 * [docs: VPC subnet sizing, AWS keeps five addresses of each; EC2: InsufficientFreeAddressesInSubnet]
 *
 * @param launching names of the slots that get an instance; null for all
 */
export function withoutRoom(
  document: ClusterDocument,
  { room }: Pick<AccountFacts, 'room'>,
  launching: ReadonlySet<string> | null,
): Unfit[] {
  if (room === null) return [];
  const due = slotsOf(document).filter(({ name }) => launching === null || launching.has(name));
  const all = Object.keys(room).sort();
  return [
    ...tooFew('the cluster', due, all, room, ['spec', 'network', 'subnetIds']),
    ...document.spec.pools.flatMap(({ name, zones }, index) => {
      const usable = all.filter((zone) => zones?.includes(zone));
      // A pool without a subnet is told as that.
      if (zones === undefined || usable.length === 0) return [];
      const bound = due.filter((slot) => slot.zones?.every((zone) => zones.includes(zone)));
      return tooFew(`pool ${name}`, bound, usable, room, ['spec', 'pools', index, 'count']);
    }),
  ];
}

/** Nodes that can go nowhere but into these zones. */
function tooFew(
  who: string,
  nodes: readonly WantedSlot[],
  zones: readonly string[],
  room: Readonly<Record<string, number>>,
  path: (string | number)[],
): Unfit[] {
  const free = zones.reduce((sum, zone) => sum + (room[zone] ?? 0), 0);
  if (nodes.length <= free) return [];
  const where = zones.map((zone) => `${room[zone] ?? 0} in ${zone}`).join(', ');
  const message = `${who} needs addresses for ${nodes.length} more ${nodes.length === 1 ? 'node' : 'nodes'}, and its subnets have ${free} free: ${where}`;
  const hint = 'name larger or further subnets, or ask for fewer nodes';
  return [{ code: 'SubnetsTooSmall', violation: { path, message, hint } }];
}
