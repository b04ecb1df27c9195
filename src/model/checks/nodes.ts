import type { NodeFacts } from '../health/facts.js';
import { confirmedFinding, type FindingKind, findingKey } from '../health/findings.js';
import { troubleText } from '../health/outlook.js';
import type { WantedSlot } from '../ids.js';
import { lacksCni, WITHOUT_CNI } from '../k3s/cni.js';
import { deferralText, launchDue } from '../launch-limit.js';
import type { Measurement } from '../measured.js';
import { labelsOn } from '../node-labels/wanted.js';
import { needsLabels } from '../plan/node-labels.js';
import { groupsDifferenceOf, groupsDifferenceTextOf } from '../security-groups/of-instance.js';
import { instanceGroups } from '../security-groups/own-groups.js';
import { lossText } from '../state/instance.js';
import type { Slot } from '../state.js';
import type { Judged } from './judged.js';
import { bad, GOOD, type Known, unmeasured } from './known.js';

/** A check of one node. @param wanted the slot as the document has it, where it has it */
export type NodeCheck = (state: Judged, slot: Slot, now: string, wanted?: WantedSlot) => Known;

export const instanceRuns: NodeCheck = ({ launches }, slot, now) => {
  const { instance } = slot;
  const due = instance === null ? launchDue(launches, slot.name, now) : null;
  if (due !== null) return bad(deferralText(slot.name, due));
  if (instance === null) return isNew(slot) ? unmeasured('not launched yet') : bad(gone(slot));
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

export const inGroups: NodeCheck = (state, slot) => {
  const { instance, groups, measured, role } = slot;
  if (instance === null) return unmeasured(down(slot));
  const difference = groupsDifferenceOf(state.document, state, slot);
  if (difference === null) {
    const isKnown = groups !== null && instanceGroups(state.document, state, role) !== null;
    // A stop changes no group.
    return isKnown && (measured.instance !== undefined || instance.power === 'stopped') ? GOOD : unmeasured();
  }
  const { by, refused } = difference;
  const what = `${instance.id} ${groupsDifferenceTextOf(difference)}`;
  if (refused !== null) return bad(`${what}, and AWS refuses the change: ${refused}`);
  if (by === 'hand') return bad(`someone has changed its groups by hand: ${what}`);
  return by === 'unknown' ? bad(what) : unmeasured('Keelson has not given it the groups of the document yet');
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

/** Returns what is missing, if the cause lies outside of the node; null otherwise. */
const withoutCni = (state: Judged, slot: Slot): Known | null =>
  lacksCni(state) && slot.measured.node !== undefined ? bad(WITHOUT_CNI) : null;

export const votes: NodeCheck = (state, slot) =>
  asMissing(state, slot) ?? asRunning(slot) ?? inKubernetes(state, slot, 'voter', 'does not vote');

export const withoutPressure: NodeCheck = (state, slot) => whileServing(slot) ?? found(state, slot, 'node', 'pressure');

export const hasLabels: NodeCheck = (state, slot, _now, wanted) => {
  const known = whileServing(slot) ?? found(state, slot, 'node', 'labels');
  if (known.is !== 'good' || wanted === undefined) return known;
  const labels = labelsOn(state.document, wanted, slot);
  const due = labels !== null && needsLabels(state, slot, labels);
  return due ? unmeasured('Keelson has not set them yet') : GOOD;
};

export const hasFiles: NodeCheck = (state, slot) => {
  const known = (['manifests', 'config'] as const).map((kind) => found(state, slot, 'facts', kind));
  return (
    whileServing(slot) ?? known.find(({ is }) => is === 'bad') ?? known.find(({ is }) => is === 'unmeasured') ?? GOOD
  );
};

/** Reads a fact that the node reports about itself. */
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
export const clockSynchronized = told('clock', 'clockOffset');

/**
 * Returns a server that serves the API: by its own report, or because Kubernetes calls its node Ready, whose kubelet speaks to it. [k3s
 * source]
 */
export const servesApi: NodeCheck = (state, slot, now) => {
  const serves = asRunning(slot) ?? found(state, slot, 'api', 'readyz');
  return serves.is === 'unmeasured' && nodeReady(state, slot, now).is === 'good' ? GOOD : serves;
};

/** Returns that a server of an initialized cluster without a member of etcd does not vote, whatever comes next; else null. */
const asMissing = ({ initializedAt }: Judged, slot: Slot): Known | null => {
  if (initializedAt === null || slot.joined) return null;
  return bad(
    slot.lost === undefined ? 'is not a member yet' : `${lossText(slot.lost)}, and its successor has not joined yet`,
  );
};

/** It has never had an instance. */
const isNew = ({ lastInstanceId, lost }: Slot): boolean => lastInstanceId === null && lost === undefined;

const isUp = (slot: Slot): boolean => slot.instance?.power === 'running';

const gone = ({ lastInstanceId, lost }: Slot): string =>
  `has no instance: ${lost === undefined ? `${lastInstanceId} is gone` : lossText(lost)}`;

function down(slot: Slot): string {
  if (slot.instance !== null) return `${slot.instance.id} is stopped`;
  return isNew(slot) ? 'not launched yet' : gone(slot);
}

/** A member counts as lacking; a server that is still to join has nothing to measure. */
const asMember = (slot: Slot, text: string): Known => (slot.joined ? bad(text) : unmeasured(text));

/** Returns unmeasured for a machine that is down; null for one that is up. */
const whileUp = (slot: Slot): Known | null => (isUp(slot) ? null : unmeasured(down(slot)));

/** Returns unmeasured for a K3s that does not run; null for one that runs. */
function whileServing(slot: Slot): Known | null {
  const known = asRunning(slot);
  return known?.is === 'bad' ? unmeasured(known.text) : known;
}

/** Returns bad if K3s no longer runs, unmeasured if it is still to be started; null while it runs. */
function asRunning(slot: Slot): Known | null {
  if (!isUp(slot)) return asMember(slot, down(slot));
  if (!slot.joined) return unmeasured('K3s has not started yet');
  return slot.service === 'running' ? null : bad('its service is down');
}

/** Returns the measurement of one respect of a node. A bad first measurement is not confirmed yet, and not good either. */
function found(state: Judged, slot: Slot, what: Measurement, kind: FindingKind): Known {
  if (what === 'node' && state.unlisted !== null) return unmeasured(state.unlisted);
  if (!state.troubled.has(slot.name)) return slot.measured[what] === undefined ? NOT_MEASURED : GOOD;
  const finding = state.findings[findingKey(slot.name, kind)];
  if (finding?.confirmed) return bad(OF_MACHINE.has(kind) ? (troubleText(state, slot, kind) ?? '') : finding.text);
  const silence = BY_AGENT.includes(what)
    ? (confirmedFinding(state, slot.name, 'agent') ?? confirmedFinding(state, slot.name, 'silent'))
    : null;
  if (silence !== null) return unmeasured(silence.text);
  if (slot.measured[what] === undefined) return unmeasured();
  return finding?.first ? unmeasured(`${finding.text}, seen once`) : GOOD;
}

const NOT_MEASURED = unmeasured();

/** A problem of the machine itself comes with what Keelson waits for or does. */
const OF_MACHINE: ReadonlySet<FindingKind> = new Set([
  'system-check',
  'instance-check',
  'volume-check',
  'agent',
  'ready',
]);

/** Respects that only the node itself can report, through its agent. */
const BY_AGENT: readonly Measurement[] = ['service', 'api', 'facts'];

/** During an operation the steps' observations count at once; otherwise one observation alone changes nothing. */
function inKubernetes(state: Judged, slot: Slot, what: 'ready' | 'voter', lacks: string): Known {
  const known = found(state, slot, 'node', what);
  if (known.is !== 'good' || state.operation === null) return known;
  const node = state.seen.get(slot.nodeName);
  return node === undefined || node[what] === true ? GOOD : bad(lacks);
}
