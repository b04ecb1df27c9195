import type { Verdict } from '../conditions.js';
import { quorumOf } from '../quorum.js';
import type { ClusterState } from '../state.js';
import { servesApi } from './nodes.js';
import { hiding } from './observed.js';
import { perMember } from './per-node.js';
import { tally } from './tally.js';

/** Whether more than half of the members serve the API; fewer cannot answer, for etcd has no quorum then. */
export function api(state: ClusterState, now: string): Verdict {
  const servers = perMember(state, servesApi, now);
  const hint = 'the API answers as soon as more than half of the servers are members';
  const hidden = hiding(state, 'nodes');
  const all = tally({ type: 'ApiAvailable', what: 'servers serve the API', hint, nodes: servers, hidden });
  if (hidden !== null) return all;
  const quorum = quorumOf(servers.length);
  const good = servers.filter(([, known]) => known.is === 'good').length;
  const perhaps = servers.filter(([, known]) => known.is === 'unmeasured').length;
  const { slots: _, ...whole } = all;
  if (good >= quorum) return { ...whole, status: 'True', reason: 'Answers', advice: '' };
  if (good + perhaps < quorum) return { ...all, status: 'False', reason: 'NoQuorum', advice: hint };
  return { ...whole, status: 'Unknown', reason: 'NotMeasured', advice: '' };
}
