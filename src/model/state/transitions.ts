/**
 * Events of the node in a slot: one pure function for each. A transition sets every field that the event changes, so that no step has to
 * remember them, and says what else becomes out of date.
 */
import { withMeasured, withoutMeasured } from '../measured.js';
import { lostInstance } from '../plan/lost-instance.js';
import type { LostInstance, NodeInstance } from './instance.js';
import type { NodeLabels } from './node.js';
import type { Slot } from './slot.js';

export interface Transition {
  /** The slot after the event; the given one stays as it is. */
  to: (slot: Slot) => Slot;
  /** The findings of the node are from before the event. */
  forgetsFindings?: true;
  /** Earlier observations of the nodes prove nothing after the event. */
  invalidates?: true;
}

/** When Keelson has started something on a node, and until when problems that begin there do not count; both ISO 8601. */
export interface Start {
  at: string;
  graceUntil: string;
}

/** EC2 has launched an instance for the slot, in these security groups. */
export const launched = (instance: NodeInstance, groups: string[]): Transition => ({
  to: (slot) => ({ ...slot, instance, lastAppliedType: instance.type, groups, givenGroups: { ids: groups } }),
  invalidates: true,
});

/** The instance runs and SSM reaches its agent: its subnet is as good as any. */
export const reachable = (instance: NodeInstance, at: string): Transition => ({
  to: (slot) => ({
    ...slot,
    instance,
    agentOnline: true,
    measured: withMeasured(slot, at, 'instance', 'agent'),
    exhaustedSubnets: [],
    unreachableSubnets: [],
  }),
});

/** The agent of a new instance has not registered: the next instance goes to another subnet. */
export const unreachable = (instance: NodeInstance): Transition => ({
  to: (slot) => ({
    ...slot,
    instance: { ...instance, unregistered: true },
    unreachableSubnets: withSubnets(slot, [instance.subnetId]),
  }),
});

/** The first boot of the instance has founded what the document does not ask for any more. */
export const foundedOtherwise = (instance: NodeInstance): Transition => ({
  to: (slot) => ({ ...slot, instance: { ...instance, foundedOtherwise: true } }),
});

/** EC2 starts the instance that was stopped. */
export const instanceStarted = (instance: NodeInstance, start: Start): Transition => ({
  to: (slot) => ({
    ...inGrace(slot, start),
    instance: { ...instance, power: 'running' },
    agentOnline: false,
    measured: {},
  }),
  forgetsFindings: true,
  invalidates: true,
});

/** EC2 is stopping the instance: from now on nothing on it answers. */
export const instanceStopping: Transition = {
  to: (slot) => ({ ...slot, agentOnline: false, service: 'stopped', measured: {} }),
  invalidates: true,
};

/** The instance is stopped. */
export const instanceStopped = (instance: NodeInstance): Transition => ({
  to: (slot) => ({ ...slot, instance: { ...instance, power: 'stopped', publicIp: null } }),
});

/** EC2 is rebooting the instance. */
export const rebooting = (at: string): Transition => ({
  to: (slot) => ({ ...slot, rebootedAt: at, measured: {} }),
  invalidates: true,
});

/** The agent is back after a reboot. Findings stay until observations have seen the node healthy. */
export const rebooted = (start: Start): Transition => ({
  to: (slot) => {
    const next = inGrace(slot, start);
    return { ...next, measured: withMeasured(next, start.at, 'instance', 'agent') };
  },
});

/**
 * Keelson has terminated the instance to replace it.
 *
 * @param lost which, and why
 * @param avoided subnets that the next instance stays out of
 */
export const instanceLost = (lost: LostInstance, avoided: readonly string[]): Transition => ({
  to: (slot) => ({ ...lostInstance(slot), lost, unreachableSubnets: withSubnets(slot, avoided) }),
  forgetsFindings: true,
  invalidates: true,
});

/** The cluster is being deleted, and its instances are terminated. */
export const deleted: Transition = {
  to: (slot) => ({ ...(slot.instance === null ? slot : lostInstance(slot)), joined: false }),
};

/** K3s runs with the configuration of this hash. */
export const k3sStarted = (hash: string, start: Start): Transition => ({
  to: (slot) => {
    const { resetFor: _, startDue: __, ...known } = slot;
    const next = inGrace({ ...known, configHash: hash, service: 'running' }, start);
    return { ...next, measured: withMeasured(next, start.at, 'service') };
  },
  forgetsFindings: true,
  invalidates: true,
});

/** K3s runs, and the node is a member of the present cluster; it has registered with these labels. */
export const joined = (hash: string, labels: NodeLabels | null, start: Start): Transition => ({
  ...k3sStarted(hash, start),
  to: (slot) => {
    const { lost: _, ...known } = slot;
    return { ...k3sStarted(hash, start).to(known), nodeLabels: labels, joined: true };
  },
});

/** Another binary is in place. A service that runs goes on with the one before until it is started again. */
export const binaryReplaced: Transition = {
  to: (slot) => (slot.service === 'running' ? { ...slot, startDue: true } : slot),
};

/** K3s and its containers are stopped. */
export const k3sStopped: Transition = {
  to: (slot) => ({ ...slot, service: 'stopped', measured: withoutMeasured(slot) }),
  forgetsFindings: true,
  invalidates: true,
};

/**
 * A restore has replaced the node's cluster. A server is no longer a member, and sets its etcd data aside when it joins; an agent takes the
 * agent token of the backup's time when it starts.
 *
 * @param ref names the restore
 */
export const superseded = (ref: string): Transition => ({
  to: (slot) => {
    if (slot.instance === null) return { ...lostInstance(slot), joined: false, departing: null };
    const next: Slot = { ...slot, departing: null, configHash: null, nodeLabels: null, resetFor: ref };
    return slot.role === 'agent' ? next : { ...next, joined: false, service: 'stopped' };
  },
  forgetsFindings: true,
});

/** Keelson is about to cordon the node: it uncordons the node before the operation ends. */
export const cordoned: Transition = { to: (slot) => ({ ...slot, cordoned: true }) };

/** The pods have left the node. */
export const drained: Transition = { to: (slot) => ({ ...slot, drained: true }) };

/** The node takes pods again. */
export const uncordoned: Transition = { to: (slot) => ({ ...slot, cordoned: false, drained: false }) };

/** The stopped instance has another type; the old one is the way back when the new one cannot start. */
export const typeChanged = (instance: NodeInstance, type: string): Transition => ({
  to: (slot) => ({
    ...slot,
    instance: { ...instance, type },
    previousType: instance.type,
    lastAppliedType: type,
  }),
});

/** Kubernetes and etcd no longer know the node of that name: the one in the slot, or the one before it. */
export const removed = (node: string): Transition => ({
  to: (slot) => {
    if (slot.departing === node) return { ...slot, departing: null };
    return slot.nodeName === node ? { ...slot, joined: false } : slot;
  },
});

/** Problems that begin now do not count for a while. K3s may have renewed its certificates and defragmented etcd. */
const inGrace = (slot: Slot, { graceUntil }: Start): Slot => ({
  ...slot,
  graceUntil,
  facts: slot.facts === null ? null : { ...slot.facts, deepAt: null, certificatesUntil: null },
  measured: withoutMeasured(slot),
});

const withSubnets = ({ unreachableSubnets }: Slot, more: readonly string[]): string[] => [
  ...new Set([...unreachableSubnets, ...more]),
];
