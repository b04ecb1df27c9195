import type { JobResult } from '../../../activities/api.js';
import { authoritiesEnd, authoritiesEndSoon } from '../../../model/checks/authorities.js';
import { alteredIn } from '../../../model/health/altered.js';
import { factsOf, problemsOf } from '../../../model/health/facts.js';
import { staleNodeKey, staleNodesAmong } from '../../../model/health/stale-nodes.js';
import { UNLISTED_KEY } from '../../../model/health/unlisted.js';
import { jobIdOf } from '../../../model/ids.js';
import { lacksCni } from '../../../model/k3s/cni.js';
import { recordInstalled } from '../../../model/k3s/installed.js';
import { parseVersion } from '../../../model/k3s/version.js';
import { measurePublished } from '../../../model/kubeconfig.js';
import { withMeasured } from '../../../model/measured.js';
import type { NodeObservation } from '../../../model/observation.js';
import { witnesses } from '../../../model/plan/wanted.js';
import type { Slot } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { detailOf, isCancelled, isTimeout } from '../../lib/errors.js';
import { type Cluster, callContext, emit, now } from '../context.js';
import { observeKubernetes } from './kubernetes.js';
import { recordCheck, recordCheckOf } from './record-check.js';

/** What SSM says of the agents, by slot; one that is missing was not reported. */
export type AgentObservation = Map<string, 'online' | 'lost'>;

/** A command takes at most 50 instances. [docs: SSM SendCommand] */
const AT_ONCE = 50;
/** Certificates change once in a quarter; to list them costs a start of K3s's binary. */
const DEEP_MS = 3 * 3_600_000;

/**
 * Observes the nodes: asks one server what Kubernetes says of all of them, and at the same time every node about itself by one command, so that an API
 * server that does not answer does not hold up what its own node says. A node that cannot be asked is left out: that its agent is lost is a finding
 * of its own.
 *
 * @throws what kept the whole of it from being seen, when both have ended: what came later would change facts in the middle of something else
 */
export async function observeNodes(cluster: Cluster, agents: AgentObservation): Promise<void> {
  const reachable = Object.values(cluster.state.slots).filter(
    (slot) => slot.joined && slot.agentOnline && slot.instance?.power === 'running' && agents.get(slot.name) !== 'lost',
  );
  const ended = await Promise.allSettled([observeThroughServer(cluster, reachable), probe(cluster, reachable)]);
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/**
 * Each server that can be reached is asked in turn, the likeliest first: one that does not answer says nothing about the others. Where none of them lists
 * the nodes, nothing is known of the nodes any more, however ready the API servers call themselves.
 */
async function observeThroughServer(cluster: Cluster, reachable: readonly Slot[]): Promise<void> {
  let silence = 'none can be asked';
  for (const server of witnesses(cluster.state, reachable)) {
    try {
      await observeKubernetes(cluster, { server, brief: true, withLabels: true });
    } catch (error) {
      if (isCancelled(error) || !isSilence(error)) throw error;
      silence = silenceOf(error);
      continue;
    }
    takeListed(cluster, null);
    takeNodes(cluster, cluster.state.observedNodes?.nodes ?? []);
    return;
  }
  takeListed(cluster, `no server lists its nodes: ${silence}`);
}

const takeListed = (cluster: Cluster, bad: string | null): void =>
  recordCheckOf(cluster, UNLISTED_KEY, 'Kubernetes', bad);

const MOST_OF_A_LINE = 200;

/** Returns what was tried, and the last line of the script's log that its own message does not repeat: kubectl's reason. */
function silenceOf(error: unknown): string {
  const [first = '', ...log] = (detailOf(error)?.message ?? 'it does not answer in time').split('\n');
  const reason = log.findLast((line) => line !== '' && !first.includes(line));
  return [first, ...(reason === undefined ? [] : [reason])].map((line) => line.slice(0, MOST_OF_A_LINE)).join(': ');
}

/** An API server that does not answer is reported by its own node, and an agent that SSM has just lost by the next observation. */
const isSilence = (error: unknown): boolean =>
  ['node-script', 'not-found-yet'].includes(detailOf(error)?.class ?? '') || isTimeout(error);

function takeNodes(cluster: Cluster, nodes: readonly NodeObservation[]): void {
  const { state } = cluster;
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const slot of Object.values(state.slots)) {
    if (!slot.joined || slot.instance?.power !== 'running') continue;
    const node = byName.get(slot.nodeName);
    recordCheck(
      cluster,
      slot,
      'ready',
      node === undefined
        ? 'Kubernetes has no such node'
        : node.ready || lacksCni(state)
          ? null
          : 'its node is not Ready',
    );
    if (node === undefined || slot.service !== 'running') continue;
    if (slot.role === 'server')
      recordCheck(cluster, slot, 'voter', node.voter === true ? null : 'its etcd member does not vote');
    const pressures = node.pressures ?? [];
    recordCheck(cluster, slot, 'pressure', pressures.length === 0 ? null : `its node has ${pressures.join(', ')}`);
    slot.measured = withMeasured(slot, now(), 'node');
  }
  for (const slot of Object.values(state.slots)) {
    const differs = byName.get(slot.nodeName)?.differs;
    if (differs === undefined || slot.service !== 'running') continue;
    recordCheck(cluster, slot, 'labels', differs === '' ? null : `its node is not as the document says: ${differs}`);
  }
  const staleNodes = staleNodesAmong(state, nodes).map((node) => node.name);
  const known = Object.keys(state.findings).filter((key) => key.startsWith('stale-node/'));
  for (const key of new Set([...known, ...staleNodes.map(staleNodeKey)])) {
    const name = key.slice('stale-node/'.length);
    recordCheckOf(cluster, key, name, staleNodes.includes(name) ? 'a node without an instance' : null);
  }
}

/** All nodes by one command each for servers and agents. A node that does not answer in time has told nothing. */
async function probe(cluster: Cluster, reachable: readonly Slot[]): Promise<void> {
  for (const role of ['server', 'agent'] as const) {
    const slots = reachable.filter((slot) => slot.role === role);
    for (let at = 0; at < slots.length; at += AT_ONCE) await ask(cluster, role, slots.slice(at, at + AT_ONCE));
  }
}

async function ask(cluster: Cluster, role: Slot['role'], slots: readonly Slot[]): Promise<void> {
  const { state } = cluster;
  const deep = slots.some(({ facts }) => facts?.deepAt == null || Date.now() - Date.parse(facts.deepAt) > DEEP_MS);
  state.jobCount += 1;
  const asked = activities.askNodes(`ask ${slots.length} ${role}s how they are`, {
    ...callContext(cluster),
    instanceIds: slots.flatMap((slot) => slot.instance?.id ?? []),
    jobId: jobIdOf(state.document.metadata.name, state.uid, 'probe', role, state.jobCount),
    script: 'probe',
    params: { ROLE: role, ...(deep && { DEEP: 'true' }) },
    presign: {},
    timeoutSeconds: 60,
  });
  const results = await asked.catch((error: unknown) => {
    // An agent that has died is called online by SSM for minutes more: a node that does not answer has told nothing.
    if (isCancelled(error) || !isSilence(error)) throw error;
    return [];
  });
  for (const slot of slots) {
    const result = results.find((one) => one.instanceId === slot.instance?.id);
    const answers = result?.outcome === 'done';
    recordCheck(cluster, slot, 'silent', answers ? null : 'it does not answer, though SSM calls its agent online');
    if (answers) take(cluster, slot, result, deep);
  }
}

function take(cluster: Cluster, slot: Slot, { result }: JobResult, deep: boolean): void {
  slot.facts = factsOf(result, slot.facts, now(), deep);
  measurePublished(cluster.state, slot);
  tellAuthorities(cluster);
  for (const [kind, bad] of Object.entries(problemsOf(slot.facts, now())))
    recordCheck(cluster, slot, kind as keyof ReturnType<typeof problemsOf>, bad);
  const altered = alteredIn(result['altered']);
  if (altered !== null && slot.service === 'running')
    for (const kind of ['manifests', 'config'] as const)
      recordCheck(
        cluster,
        slot,
        kind,
        altered[kind].length === 0 ? null : `not as Keelson wrote it: ${altered[kind].join(', ')}`,
      );
  const { service, readyz, failing } = result;
  const version = binaryVersion(result['version']);
  if (service !== undefined && slot.service === 'running') {
    // To start one that is activating is to wait for it, and to hear of it when it never gets there.
    const runs = service === 'active' || service === 'reloading';
    recordCheck(cluster, slot, 'service', runs ? null : `its K3s service is ${service}`);
  }
  if (readyz !== undefined && service === 'active')
    recordCheck(
      cluster,
      slot,
      'readyz',
      readyz === 'ok' ? null : `its API server is not ready: ${failing ?? 'it does not answer'}`,
    );
  if (version !== undefined && slot.installed !== null)
    recordCheck(cluster, slot, 'version', version === slot.installed ? null : `its K3s binary is ${version}`);
  // Marked after the findings are recorded: a first measurement counts as neither good nor bad until a second one agrees.
  slot.measured = withMeasured(slot, now(), 'facts', ...(service === undefined ? [] : (['service'] as const)));
  if (readyz !== undefined && service === 'active') slot.measured = withMeasured(slot, now(), 'api');
  takeConfirmed(cluster, slot, version);
}

/** Once for as long as the event is kept: a condition that holds is looked at by no one. */
function tellAuthorities(cluster: Cluster): void {
  const end = authoritiesEnd(cluster.state);
  if (end === null || !authoritiesEndSoon(end, now())) return;
  const message = `the cluster's CA ends on ${end.slice(0, 10)}: plan to replace it (https://docs.k3s.io/cli/certificate)`;
  if (!cluster.state.events.some((event) => event.message === message))
    emit(cluster, 'Warning', 'AuthoritiesEndSoon', message);
}

/** Returns what a node says of its binary: a K3s version or `none`. Anything else is not a measurement. */
const binaryVersion = (told: string | undefined): string | undefined =>
  told === 'none' || parseVersion(told ?? '') !== null ? told : undefined;

/** Takes confirmed findings about service and version into the slot, which the planner reads. */
function takeConfirmed(cluster: Cluster, slot: Slot, version: string | undefined): void {
  const { findings } = cluster.state;
  if (findings[`${slot.name}/service`]?.confirmed) slot.service = 'stopped';
  if (version !== undefined && findings[`${slot.name}/version`]?.confirmed) {
    recordInstalled(cluster.state, slot, version === 'none' ? null : version);
    const { [`${slot.name}/version`]: _, ...rest } = findings;
    cluster.state.findings = rest;
  }
}
