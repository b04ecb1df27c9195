import { believed } from '../care/findings.js';
import { ghostsOf } from '../care/ghosts.js';
import type { Verdict } from '../conditions.js';
import { quorumOf } from '../quorum.js';
import type { ClusterState, Slot } from '../state.js';
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
  Ghosts: 'they are removed; until then they count against the quorum',
};

/** Voters, alarms, and members that have no instance any more. */
export function etcd(state: ClusterState, now: string): Verdict {
  const servers = perNode(state, votes, now, 'server');
  const members = tally({
    type: TYPE,
    what: `etcd members vote, ${quorumOf(servers.length)} are needed`,
    hint: '',
    nodes: servers,
    hidden: null,
  });
  const hidden = hiding(state, 'nodes');
  if (hidden !== null) return unseen(TYPE, hidden, members.message);
  const slots = servers.flatMap(([name]) => state.slots[name] ?? []);
  const ghosts = ghostsOf(state);
  const alarms = alarmsOf(state, slots);
  const missing =
    members.status === 'False' ? (quorumLacks(perMember(state, votes, now)) ? 'QuorumMissing' : 'VoterMissing') : null;
  const trouble = missing ?? (alarms.length > 0 ? 'Alarm' : ghosts.length > 0 ? 'Ghosts' : null);
  const leader = leaderOf(slots);
  const message = [
    members.message,
    ...(leader === null ? [] : [`${leader.name} leads`]),
    ...alarms,
    ...(ghosts.length === 0 ? [] : [`without an instance: ${ghosts.join(', ')}`]),
  ].join('; ');
  if (trouble !== null)
    return {
      type: TYPE,
      status: 'False',
      reason: trouble,
      message,
      advice: HINTS[trouble],
      ...(missing !== null && members.slots !== undefined && { slots: members.slots }),
    };
  return { ...members, reason: members.status === 'True' ? 'AllVoters' : members.reason, message };
}

/** Whether the quorum is missing even if all vote of which that is not known. */
const quorumLacks = (members: PerNode): boolean =>
  members.filter(([, known]) => known.is !== 'bad').length < quorumOf(members.length);

function alarmsOf(state: ClusterState, servers: readonly Slot[]): string[] {
  return servers.flatMap((slot) =>
    (['nospace', 'corrupt'] as const).flatMap((kind) => {
      const finding = believed(state, slot.name, kind);
      return finding === null ? [] : [`${slot.name}: ${finding.text}`];
    }),
  );
}

/** As the servers told when they were asked last; an election in between two answers may show two. */
function leaderOf(servers: readonly Slot[]): Slot | null {
  const leaders = servers.filter((slot) => slot.facts?.leads === true && slot.service === 'running');
  return leaders.sort((a, b) => (b.facts?.at ?? '').localeCompare(a.facts?.at ?? ''))[0] ?? null;
}
