import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { confirmedFinding, type Finding, type FindingKind } from './findings.js';
import { type KubernetesSays, kubernetesSays } from './kubernetes-says.js';
import { restartDue } from './restarts.js';
import { REBOOT_WINDOW_MS, SAME_TROUBLE_MS, type Waits, waitsOf } from './waits.js';

/** Steps against an instance in trouble, the gentlest first. */
export type RemediationAction = 'restart' | 'reboot' | 'power-cycle' | 'replace';

/** Next step against an instance in trouble, and its time. */
export interface Course {
  /** Findings of EC2, SSM and Kubernetes that two observations have confirmed. */
  findings: Partial<Record<MachineFinding, Finding>>;
  says: KubernetesSays;
  /** Null: Keelson does nothing, because nothing is wrong with the node itself. */
  action: RemediationAction | null;
  /** Time of the step, ISO 8601; null for at once. */
  due: string | null;
  /** Earliest time of a replacement, ISO 8601; null if this trouble does not end in one. */
  replaceAt: string | null;
}

/** Unreachable agents and failing checks; then Kubernetes decides. */
const MACHINE = ['system-check', 'instance-check', 'agent', 'ready'] as const satisfies FindingKind[];
export type MachineFinding = (typeof MACHINE)[number];

/** More restarts than this do not make K3s healthy. */
const RESTARTS = 3;

/**
 * Returns what Keelson does about an instance in trouble, the gentlest step first: it restarts K3s, waits for EC2's automatic recovery,
 * reboots, stops and starts, and replaces last. It reboots a node that Kubernetes calls Ready once a day at most, for its lost agent; if
 * Kubernetes cannot be asked it does nothing at all.
 *
 * @returns null when nothing is wrong with the instance, or its node has not joined yet
 */
export function courseOf(document: ClusterDocument, state: ClusterState, slot: Slot): Course | null {
  const findings = held(state, slot);
  const { agent, ready: _, ...checks } = findings;
  if (Object.keys(findings).length === 0 || !slot.joined) return null;
  const against = [checks['system-check'], checks['instance-check'], agent].flatMap((one) => one?.since ?? []);
  const says = kubernetesSays(state, slot, against.sort().at(-1) ?? null);
  const idle: Course = { findings, says, action: null, due: null, replaceAt: null };
  switch (says) {
    case 'Ready':
      // A machine on a failed host may not come back from a reboot, and this one serves.
      if (agent === undefined || checks['system-check'] !== undefined) return idle;
      return { ...idle, action: 'reboot', due: rebootOfReadyDue(slot, agent, waitsOf(document)) };
    case 'Unknown':
      // Only the only server can report about the only server: EC2's word decides.
      if (document.spec.mode !== 'dev' || slot.role !== 'server' || Object.keys(checks).length === 0) return idle;
      return { ...idle, ...nextStep(slot, findings, waitsOf(document)) };
    case 'NotReady':
      return { ...idle, ...nextStep(slot, findings, waitsOf(document)) };
  }
}

/** Returns the findings that count and that the last observation has seen: others may be over, and the next observation decides. */
function held(state: ClusterState, slot: Slot): Course['findings'] {
  const found = MACHINE.map((kind) => [kind, confirmedFinding(state, slot.name, kind)] as const);
  return Object.fromEntries(found.filter(([, finding]) => finding?.pendingSince === null));
}

/** A dead agent usually comes back without help: systemd starts it again. */
function rebootOfReadyDue(slot: Slot, agent: Finding, { settle }: Waits): string | null {
  return latest(later(agent.since, settle), slot.rebootedAt && later(slot.rebootedAt, REBOOT_WINDOW_MS));
}

/** Returns the first step that was not tried yet in this trouble, when Kubernetes does not call the node Ready. */
function nextStep(
  slot: Slot,
  findings: Course['findings'],
  waits: Waits,
): Pick<Course, 'action' | 'due' | 'replaceAt'> {
  const { agent, ready, 'system-check': system } = findings;
  const first = Object.values(findings)
    .map((one) => one.since)
    .sort()[0];
  const since = slot.notReadySince ?? ready?.since ?? first ?? '';
  const replaceAt = later(since, waits.replace);
  const step = (action: RemediationAction, ...dues: (string | null)[]) => ({ action, due: latest(...dues), replaceAt });
  const within = (at: string | null, ms: number): string | null =>
    at !== null && Date.parse(at) >= Date.parse(since) - ms ? at : null;
  const cycled = within(slot.powerCycledAt, SAME_TROUBLE_MS);
  const rebooted = within(slot.rebootedAt, REBOOT_WINDOW_MS);
  const restarts = within(slot.restarts?.at ?? null, SAME_TROUBLE_MS) === null ? null : slot.restarts;
  if (cycled === null) {
    const restartable = agent === undefined && ready !== undefined && slot.service === 'running';
    const begun = within(slot.rebootedAt, 0) !== null;
    if (restartable && !begun && (restarts?.count ?? 0) < RESTARTS) return step('restart', restartDue(slot.restarts));
    const restarted = restartable ? restartDue(restarts) : null;
    // A reboot stays on the host: it does not repair a failed one. [docs: EC2 instance reboot]
    if (rebooted === null && system === undefined) return step('reboot', restarted);
    if (slot.instance?.unstoppable !== true) {
      const recovery = system === undefined ? null : later(system.since, waits.recovery);
      return step('power-cycle', restarted, recovery, rebooted && later(rebooted, waits.settle));
    }
  }
  return step('replace', replaceAt, ...[cycled, rebooted].map((at) => at && later(at, waits.settle)));
}

const later = (from: string, ms: number): string => new Date(Date.parse(from) + ms).toISOString();

/** Returns the last of these times; null when there is none. */
const latest = (...times: (string | null)[]): string | null =>
  times
    .filter((time) => time !== null)
    .sort()
    .at(-1) ?? null;
