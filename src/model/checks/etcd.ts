import type { ConditionResult } from '../conditions.js';
import { confirmedFinding } from '../health/findings.js';
import { staleNodesOf } from '../health/stale-nodes.js';
import { quorumOf } from '../quorum.js';
import type { ClusterState, Slot } from '../state.js';
import type { Judged } from './judged.js';
import { votes } from './nodes.js';
import { hiding } from './observed.js';
import { perMember, perNode } from './per-node.js';
import { type PerNode, tally, unseen } from './tally.js';

const TYPE = 'EtcdHealthy';

const HINTS = {
  VoterMissing: 'no server may be taken down until all vote',
  QuorumMissing: 'start the servers that are down; keep their disks',
  Alarm:
    'NOSPACE: K3s is restarted, which defragments; delete what fills it. CORRUPT: stop what writes, compare the members, restore a snapshot',
  StaleNodes: 'they are removed; until then they count against the quorum',
};

/** Returns the condition of voters, alarms, and members whose instance is gone. */
export function etcd(state: Judged, now: string): ConditionResult {
  const servers = perNode(state, votes, now, 'server');
  const needed = quorumOf(servers.length);
  const members = tally({
    type: TYPE,
    what: `etcd members vote, ${needed} ${needed === 1 ? 'is' : 'are'} needed`,
    hint: '',
    nodes: servers,
    hidden: null,
  });
  const hidden = hiding(state, 'nodes');
  if (hidden !== null) return unseen(TYPE, hidden, members.message);
  const slots = servers.flatMap(([name]) => state.slots[name] ?? []);
  const staleNodes = staleNodesOf(state);
  const alarms = alarmsOf(state, slots);
  const missing =
    members.status === 'False' ? (quorumLacks(perMember(state, votes, now)) ? 'QuorumMissing' : 'VoterMissing') : null;
  const trouble = missing ?? (alarms.length > 0 ? 'Alarm' : staleNodes.length > 0 ? 'StaleNodes' : null);
  const leader = leaderOf(slots);
  const message = [
    members.message,
    ...(leader === null ? [] : [`${leader.name} leads`]),
    ...alarms,
    ...(staleNodes.length === 0 ? [] : [`without an instance: ${staleNodes.join(', ')}`]),
  ].join('; ');
  if (trouble !== null)
    return {
      type: TYPE,
      status: 'False',
      reason: trouble,
      message,
      hint: HINTS[trouble],
      ...(missing !== null && members.slots !== undefined && { slots: members.slots }),
    };
  return { ...members, reason: members.status === 'True' ? 'AllVoters' : members.reason, message };
}

/** Returns whether the quorum is missing even if all unknown members vote. */
const quorumLacks = (members: PerNode): boolean =>
  members.filter(([, known]) => known.is !== 'bad').length < quorumOf(members.length);

function alarmsOf(state: ClusterState, servers: readonly Slot[]): string[] {
  return servers.flatMap((slot) =>
    (['nospace', 'corrupt'] as const).flatMap((kind) => {
      const finding = confirmedFinding(state, slot.name, kind);
      return finding === null ? [] : [`${slot.name}: ${finding.text}`];
    }),
  );
}

/** Leaders according to the servers' last answers; an election in between may show two. */
function leaderOf(servers: readonly Slot[]): Slot | null {
  const leaders = servers.filter((slot) => slot.facts?.leads === true && slot.service === 'running');
  return leaders.sort((a, b) => (b.facts?.at ?? '').localeCompare(a.facts?.at ?? ''))[0] ?? null;
}
