import type { NodeFacts } from '../care/facts.js';
import { believed, type FindingKind, findingKey } from '../care/findings.js';
import { troubleText } from '../care/outlook.js';
import { lacksCni, WITHOUT_CNI } from '../k3s/cni.js';
import { deferralText, launchDue } from '../launch-limit.js';
import type { Measurement } from '../measured.js';
import { labelledSlots } from '../node-labels/wanted.js';
import { needsLabels } from '../plan/node-labels.js';
import type { ClusterState, Slot } from '../state.js';
import { bad, GOOD, type Known, unmeasured } from './known.js';

/** A check of one node. */
export type NodeCheck = (state: ClusterState, slot: Slot, now: string) => Known;

export const instanceRuns: NodeCheck = ({ launches }, slot, now) => {
  const { instance } = slot;
  const due = instance === null ? launchDue(launches, slot.name, now) : null;
  if (due !== null) return bad(deferralText(slot.name, due));
  if (instance === null) return slot.lastInstanceId === null ? unmeasured('not launched yet') : bad(gone(slot));
  if (instance.power === 'stopped') return bad(`${instance.id} is stopped`);
  return slot.measured.instance === undefined ? unmeasured() : GOOD;
};

export const passesChecks: NodeCheck = (state, slot) => {
  const checks = (['system-check', 'instance-check', 'volume-check'] as const).map((kind) =>
    found(state, slot, 'checks', kind),
  );
  const worst = checks.find(({ is }) => is === 'bad') ?? checks.find(({ is }) => is === 'unmeasured');
  return whileUp(slot) ?? worst ?? GOOD;
};

export const hasTags: NodeCheck = (_, slot) => {
  if (slot.instance === null) return unmeasured(down(slot));
  if (slot.instance.untagged) return bad(`${slot.instance.id} has lost its tags`);
  return slot.measured.instance === undefined ? unmeasured() : GOOD;
};

export const agentOnline: NodeCheck = (state, slot) => {
  if (!isUp(slot)) return asMember(slot, down(slot));
  if (slot.instance?.unregistered) return bad(`its agent has not registered from ${slot.instance.subnetId}`);
  if (!slot.agentOnline) return unmeasured('its agent has not registered yet');
  return found(state, slot, 'agent', 'agent');
};

export const hasVersion: NodeCheck = ({ document }, slot) => {
  if (slot.instance === null) return unmeasured(down(slot));
  if (slot.installed === null) return unmeasured('K3s is not installed yet');
  return slot.installed === document.spec.k3s.version ? GOOD : bad(`has ${slot.installed}`);
};

export const serviceRuns: NodeCheck = (state, slot) => asRunning(slot) ?? found(state, slot, 'service', 'service');

export const apiReady: NodeCheck = (state, slot) => whileServing(slot) ?? found(state, slot, 'api', 'readyz');

export const nodeReady: NodeCheck = (state, slot) =>
  asRunning(slot) ?? withoutCni(state, slot) ?? inKubernetes(state, slot, 'ready', 'is not Ready');

/** What is missing is known, and is not the node's fault; null where nothing of that kind is missing. */
const withoutCni = (state: ClusterState, slot: Slot): Known | null =>
  lacksCni(state) && slot.measured.node !== undefined ? bad(WITHOUT_CNI) : null;

export const votes: NodeCheck = (state, slot) =>
  asMissing(state, slot) ?? asRunning(slot) ?? inKubernetes(state, slot, 'voter', 'does not vote');

export const withoutPressure: NodeCheck = (state, slot) => whileServing(slot) ?? found(state, slot, 'node', 'pressure');

export const hasLabels: NodeCheck = (state, slot) => {
  const known = whileServing(slot) ?? found(state, slot, 'node', 'labels');
  if (known.is !== 'good') return known;
  const due = labelledSlots(state.document, state).some(
    (one) => one.slot === slot && needsLabels(state, slot, one.wanted),
  );
  return due ? unmeasured('Keelson has not set them yet') : GOOD;
};

export const hasFiles: NodeCheck = (state, slot) => {
  const known = (['manifests', 'config'] as const).map((kind) => found(state, slot, 'facts', kind));
  return (
    whileServing(slot) ?? known.find(({ is }) => is === 'bad') ?? known.find(({ is }) => is === 'unmeasured') ?? GOOD
  );
};

/** Of what the node tells of itself. */
const told =
  (kind: FindingKind, fact: keyof NodeFacts): NodeCheck =>
  (state, slot) => {
    const known = whileServing(slot) ?? found(state, slot, 'facts', kind);
    if (known.is !== 'good' || slot.facts?.[fact] != null) return known;
    return unmeasured('it did not tell');
  };

export const hasRoomInEtcd = told('database', 'databaseMiB');
export const hasCertificates = told('certificates', 'certificatesUntil');
export const hasRoomOnDisk = told('disk', 'diskUsedPercent');
export const clockInStep = told('clock', 'clockOffset');

/** A server that serves the API: as it says itself, or as a node that Kubernetes calls Ready, whose kubelet speaks to it. [k3s source] */
export const servesApi: NodeCheck = (state, slot, now) => {
  const serves = asRunning(slot) ?? found(state, slot, 'api', 'readyz');
  return serves.is === 'unmeasured' && nodeReady(state, slot, now).is === 'good' ? GOOD : serves;
};

/** A server of a cluster that was made and is no member of etcd does not vote, whatever it is about to become; else null. */
const asMissing = ({ bornAt }: ClusterState, slot: Slot): Known | null =>
  bornAt !== null && !slot.joined ? bad('is not a member yet') : null;

const isUp = (slot: Slot): boolean => slot.instance?.power === 'running';

const gone = ({ lastInstanceId }: Slot): string => `has no instance: ${lastInstanceId} is gone`;

function down(slot: Slot): string {
  if (slot.instance !== null) return `${slot.instance.id} is stopped`;
  return slot.lastInstanceId === null ? 'not launched yet' : gone(slot);
}

/** What a member lacks it lacks; one that is still to come has nothing to be measured. */
const asMember = (slot: Slot, text: string): Known => (slot.joined ? bad(text) : unmeasured(text));

/** What is asked of a machine only while it is up; null while it is. */
const whileUp = (slot: Slot): Known | null => (isUp(slot) ? null : unmeasured(down(slot)));

/** What is asked of K3s only while it runs; null while it does. */
function whileServing(slot: Slot): Known | null {
  const known = asRunning(slot);
  return known?.is === 'bad' ? unmeasured(known.text) : known;
}

/** Bad where K3s ran and does not run any more, unmeasured where it is still to be started; null while it runs. */
function asRunning(slot: Slot): Known | null {
  if (!isUp(slot)) return asMember(slot, down(slot));
  if (!slot.joined) return unmeasured('K3s has not started yet');
  return slot.service === 'running' ? null : bad('its service is down');
}

/** What was measured of one thing of a node. A first measurement that is bad is not believed yet, and good it is not either. */
function found(state: ClusterState, slot: Slot, what: Measurement, kind: FindingKind): Known {
  const finding = state.findings[findingKey(slot.name, kind)];
  if (finding?.holds) return bad(OF_MACHINE.has(kind) ? (troubleText(state, slot, kind) ?? '') : finding.text);
  const silence = BY_AGENT.includes(what)
    ? (believed(state, slot.name, 'agent') ?? believed(state, slot.name, 'silent'))
    : null;
  if (silence !== null) return unmeasured(silence.text);
  if (slot.measured[what] === undefined) return unmeasured();
  return finding?.first ? unmeasured(`${finding.text}, seen once`) : GOOD;
}

/** What is waited for, or done, when the machine itself is in trouble is said with it. */
const OF_MACHINE: ReadonlySet<FindingKind> = new Set([
  'system-check',
  'instance-check',
  'volume-check',
  'agent',
  'ready',
]);

/** What only the node itself can tell, through its agent. */
const BY_AGENT: readonly Measurement[] = ['service', 'api', 'facts'];

/** While an operation runs what its steps saw counts at once; at rest one observation alone changes nothing. */
function inKubernetes(state: ClusterState, slot: Slot, what: 'ready' | 'voter', lacks: string): Known {
  const known = found(state, slot, 'node', what);
  if (known.is !== 'good' || state.operation === null) return known;
  const node = state.nodesSeen?.nodes.find((one) => one.name === slot.nodeName);
  return node === undefined || node[what] === true ? GOOD : bad(lacks);
}
