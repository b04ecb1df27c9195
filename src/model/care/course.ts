import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { believed, type Finding, type FindingKind } from './findings.js';
import { type KubernetesSays, kubernetesSays } from './kubernetes-says.js';
import { restartDue } from './restarts.js';
import { REBOOT_WINDOW_MS, SAME_TROUBLE_MS, type Waits, waitsOf } from './waits.js';

/** What is done to an instance in trouble, from the gentlest on. */
export type MachineRemedy = 'restart' | 'reboot' | 'power-cycle' | 'replace';

/** What is next for an instance in trouble, and when. */
export interface Course {
  /** What EC2, SSM and Kubernetes hold against it, as far as two looks have seen it. */
  findings: Partial<Record<MachineFinding, Finding>>;
  says: KubernetesSays;
  /** Null: nothing is done, for nothing is known against the node itself. */
  remedy: MachineRemedy | null;
  /** The remedy's turn, ISO 8601; null for at once. */
  due: string | null;
  /** Before this the instance is not replaced, ISO 8601; null where this trouble does not end in a replacement. */
  replaceAt: string | null;
}

/** Loss of sight and failing checks, and then what Kubernetes says. */
const MACHINE = ['system-check', 'instance-check', 'agent', 'ready'] as const satisfies FindingKind[];
export type MachineFinding = (typeof MACHINE)[number];

/** K3s that Keelson has started again this often does not get well by that. */
const RESTARTS = 3;

/**
 * What is done about an instance in trouble, the gentlest first: K3s restarted, EC2's automatic recovery waited for, rebooted, stopped and
 * started, and replaced last. A node that Kubernetes calls Ready is rebooted once a day at most, for its lost agent; where Kubernetes could
 * not be asked nothing is done at all.
 *
 * @returns null when nothing is held against the instance, or its node has not joined yet
 */
export function courseOf(document: ClusterDocument, state: ClusterState, slot: Slot): Course | null {
  const findings = held(state, slot);
  const { agent, ready: _, ...checks } = findings;
  if (Object.keys(findings).length === 0 || !slot.joined) return null;
  const against = [checks['system-check'], checks['instance-check'], agent].flatMap((one) => one?.since ?? []);
  const says = kubernetesSays(state, slot, against.sort().at(-1) ?? null);
  const idle: Course = { findings, says, remedy: null, due: null, replaceAt: null };
  switch (says) {
    case 'Ready':
      // A machine whose host has failed may not come back from a reboot, and this one serves.
      if (agent === undefined || checks['system-check'] !== undefined) return idle;
      return { ...idle, remedy: 'reboot', due: rebootOfReadyDue(slot, agent, waitsOf(document)) };
    case 'Unknown':
      // No one but the only server can be asked about the only server: EC2's word has to do.
      if (document.spec.mode !== 'dev' || slot.role !== 'server' || Object.keys(checks).length === 0) return idle;
      return { ...idle, ...nextStep(slot, findings, waitsOf(document)) };
    case 'NotReady':
      return { ...idle, ...nextStep(slot, findings, waitsOf(document)) };
  }
}

/** What counts and was seen by the last look: what it has not seen any more may be over, and the next one tells. */
function held(state: ClusterState, slot: Slot): Course['findings'] {
  const found = MACHINE.map((kind) => [kind, believed(state, slot.name, kind)] as const);
  return Object.fromEntries(found.filter(([, finding]) => finding?.doubtedAt === null));
}

/** An agent that has died comes back without help in most cases: systemd starts it again. */
function rebootOfReadyDue(slot: Slot, agent: Finding, { settle }: Waits): string | null {
  return latest(later(agent.since, settle), slot.rebootedAt && later(slot.rebootedAt, REBOOT_WINDOW_MS));
}

/** The first step that was not tried yet in this trouble, when Kubernetes does not call the node Ready. */
function nextStep(
  slot: Slot,
  findings: Course['findings'],
  waits: Waits,
): Pick<Course, 'remedy' | 'due' | 'replaceAt'> {
  const { agent, ready, 'system-check': system } = findings;
  const first = Object.values(findings)
    .map((one) => one.since)
    .sort()[0];
  const since = slot.notReadySince ?? ready?.since ?? first ?? '';
  const replaceAt = later(since, waits.replace);
  const step = (remedy: MachineRemedy, ...dues: (string | null)[]) => ({ remedy, due: latest(...dues), replaceAt });
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
    // A reboot stays on the host: it does not mend one that has failed. [docs: EC2 instance reboot]
    if (rebooted === null && system === undefined) return step('reboot', restarted);
    if (slot.instance?.unstoppable !== true) {
      const recovery = system === undefined ? null : later(system.since, waits.recovery);
      return step('power-cycle', restarted, recovery, rebooted && later(rebooted, waits.settle));
    }
  }
  return step('replace', replaceAt, ...[cycled, rebooted].map((at) => at && later(at, waits.settle)));
}

const later = (from: string, ms: number): string => new Date(Date.parse(from) + ms).toISOString();

/** The last of these times; null when there is none. */
const latest = (...times: (string | null)[]): string | null =>
  times
    .filter((time) => time !== null)
    .sort()
    .at(-1) ?? null;
