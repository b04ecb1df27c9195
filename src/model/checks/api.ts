import type { ConditionResult } from '../conditions.js';
import { quorumOf } from '../quorum.js';
import type { Judged } from './judged.js';
import { servesApi } from './nodes.js';
import { hiding } from './observed.js';
import { perMember } from './per-node.js';
import { tally } from './tally.js';

/** Returns whether more than half of the members serve the API; with fewer etcd has no quorum and cannot answer. */
export function api(state: Judged, now: string): ConditionResult {
  const servers = perMember(state, servesApi, now);
  const hint = 'the API answers as soon as more than half of the servers are members';
  const hidden = hiding(state, 'nodes');
  const all = tally({ type: 'ApiAvailable', what: 'servers serve the API', hint, nodes: servers, hidden });
  if (hidden !== null) return all;
  const quorum = quorumOf(servers.length);
  const good = servers.filter(([, known]) => known.is === 'good').length;
  const perhaps = servers.filter(([, known]) => known.is === 'unmeasured').length;
  const { slots: _, ...whole } = all;
  if (good >= quorum) return { ...whole, status: 'True', reason: 'Answers', hint: '' };
  if (good + perhaps < quorum) return { ...all, status: 'False', reason: 'NoQuorum', hint: hint };
  return { ...whole, status: 'Unknown', reason: 'NotMeasured', hint: '' };
}
