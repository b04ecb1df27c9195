import { confirmedFinding } from '../../../model/health/findings.js';
import { lacksCni } from '../../../model/k3s/cni.js';
import type { Step } from '../../../model/plan/index.js';
import { observeGate, seenTwice } from '../../../model/quorum.js';
import { failure } from '../../lib/errors.js';
import { elapse } from '../../lib/result-time.js';
import { type Cluster, now } from '../context.js';
import { observeKubernetes } from '../observe/kubernetes.js';

const TRIES = 60;
/** Findings that make Keelson take an unhealthy server down. */
const UNHEALTHY = ['system-check', 'instance-check', 'agent', 'ready', 'readyz', 'voter'] as const;
/** Pause between the two observations of the gate: long enough to see a member that comes and goes. */
const APART_MS = 5_000;
/** How recent a job's report must be to count as an observation. */
const FRESH_MS = 10_000;

/** Checks, before a drain, that the quorum could spare the server now. */
export const checkQuorum = (cluster: Cluster, step: Step): Promise<void> => awaitOpen(cluster, step, 1);

/** Checks for the second time, before Keelson takes a server down, that the quorum can spare it. */
export const recheckQuorum = (cluster: Cluster, step: Step): Promise<void> => awaitOpen(cluster, step, 2);

/** Waits until so many consecutive observations have found every server a voter, Ready, and one server to spare. */
async function awaitOpen(cluster: Cluster, step: Step, looks: 1 | 2): Promise<void> {
  let known = cluster.observations.areCurrent && Date.now() - seenAt(cluster) <= FRESH_MS;
  const unhealthy = UNHEALTHY.some((kind) => confirmedFinding(cluster.state, step.slot ?? '', kind) !== null)
    ? step.slot
    : null;
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    // The server's own word about the others counts only if no other server can be asked.
    if (!known) await observeKubernetes(cluster, unhealthy === null ? {} : { except: unhealthy });
    known = false;
    const servers = Object.values(cluster.state.slots).filter((slot) => slot.role === 'server');
    const { nodes: told = [], strayMembers } = cluster.state.observedNodes ?? {};
    // Without a CNI no node is Ready; etcd does not need one.
    const nodes = lacksCni(cluster.state) ? told.map((node) => ({ ...node, ready: true })) : told;
    const seen = observeGate(servers, nodes, unhealthy, strayMembers);
    const at = cluster.state.observedNodes?.at ?? now();
    const verdict = seenTwice({ openSince: cluster.observations.gateOpenSince }, seen, at, APART_MS);
    cluster.observations.gateOpenSince = verdict.memory.openSince;
    if (looks === 1 ? seen.open : verdict.open) {
      cluster.state.waiting = null;
      if (looks === 2) cluster.observations.passed = { slot: step.slot ?? '', seenAt: Date.parse(at) };
      return;
    }
    const reason = seen.reasons[0] ?? 'it was seen open once, the second look follows';
    cluster.state.waiting = { for: `the quorum gate: ${reason}`, since: now(), until: null };
    cluster.status.publish('with-next-write');
    const due = seen.open ? Date.parse(cluster.observations.gateOpenSince ?? at) + APART_MS - Date.now() : APART_MS;
    await elapse(Math.max(1, due), { summary: `quorum gate: ${reason}` });
  }
  throw failure(
    'transient',
    'QuorumGateClosed',
    'the quorum could not spare a server',
    'see the conditions; nothing was taken down',
  );
}

const seenAt = (cluster: Cluster): number => Date.parse(cluster.state.observedNodes?.at ?? '');
