import { sleep } from '@temporalio/workflow';
import { believed } from '../../model/care/findings.js';
import { lacksCni } from '../../model/k3s/cni.js';
import type { Step } from '../../model/plan/index.js';
import { lookAtGate, seenTwice } from '../../model/quorum.js';
import { type Cluster, failure, now } from '../cluster-context.js';
import { inTurn } from '../in-turn.js';
import { look } from '../look.js';

const TRIES = 60;
/** For one of these a server is taken down because it is not well. */
const UNWELL = ['system-check', 'instance-check', 'agent', 'ready', 'readyz', 'voter'] as const;
/** Between the two looks of the gate: long enough that a member that comes and goes is seen going. */
const APART_MS = 5_000;
/** What a job saw that ended so recently counts as a look. */
const FRESH_MS = 10_000;

/** Before a server is drained: the quorum could spare it now. */
export const gate = (cluster: Cluster, step: Step): Promise<void> => awaitOpen(cluster, step, 1);

/** Before a server is taken down: the quorum can spare it, seen for the second time. */
export const secondLook = (cluster: Cluster, step: Step): Promise<void> => awaitOpen(cluster, step, 2);

/** Waits until so many looks in a row, apart from each other, have found every server a voter, Ready and with one to spare. */
async function awaitOpen(cluster: Cluster, step: Step, looks: 1 | 2): Promise<void> {
  let known = cluster.fresh && Date.now() - seenAt(cluster) <= FRESH_MS;
  const unwell = UNWELL.some((kind) => believed(cluster.state, step.slot ?? '', kind) !== null) ? step.slot : null;
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    // What the server itself says of the others counts only where no one else can be asked.
    if (!known) await look(cluster, unwell === null ? {} : { except: unwell });
    known = false;
    const servers = Object.values(cluster.state.slots).filter((slot) => slot.role === 'server');
    const { nodes: told = [], strayMembers } = cluster.state.nodesSeen ?? {};
    // Without a CNI no node is Ready, and etcd does not need one.
    const nodes = lacksCni(cluster.state) ? told.map((node) => ({ ...node, ready: true })) : told;
    const seen = lookAtGate(servers, nodes, unwell, strayMembers);
    const at = cluster.state.nodesSeen?.at ?? now();
    const verdict = seenTwice({ openSince: cluster.gateOpenSince }, seen, at, APART_MS);
    cluster.gateOpenSince = verdict.memory.openSince;
    if (looks === 1 ? seen.open : verdict.open) {
      cluster.state.waiting = null;
      return;
    }
    const reason = seen.reasons[0] ?? 'it was seen open once, the second look follows';
    cluster.state.waiting = { for: `the quorum gate: ${reason}`, since: now(), until: null };
    cluster.present('glance');
    const due = seen.open ? Date.parse(cluster.gateOpenSince ?? at) + APART_MS - Date.now() : APART_MS;
    await inTurn(sleep(Math.max(1, due), { summary: `quorum gate: ${reason}` }));
  }
  throw failure(
    'transient',
    'QuorumGateClosed',
    'the quorum could not spare a server',
    'see the conditions; nothing was taken down',
  );
}

const seenAt = (cluster: Cluster): number => Date.parse(cluster.state.nodesSeen?.at ?? '');
