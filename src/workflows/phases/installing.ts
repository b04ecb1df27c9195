import { findingKey } from '../../model/care/findings.js';
import { waitsOf } from '../../model/care/waits.js';
import { recordInstalled } from '../../model/k3s/installed.js';
import { withMeasured } from '../../model/measured.js';
import type { Step } from '../../model/plan/index.js';
import type { NodeInstance, Slot } from '../../model/state.js';
import { activities } from '../activities.js';
import { type Cluster, classOf, detailOf, now, scopeOf, slotOf, stepLabel } from '../cluster-context.js';
import { nodeInstanceOf } from '../node-instance.js';
import { runJob } from '../node-job.js';
import { exhaust } from './provisioning.js';

/**
 * Waits until the instance runs and its SSM agent is online; takes over its addresses, which a start may have changed. A new instance whose
 * agent does not register in time is given up, and its successor goes to another subnet; one that holds data counts as one whose agent is lost.
 */
export async function awaitAgent(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  if (slot.instance === null) return;
  const { registration } = waitsOf(cluster.state.document);
  try {
    const view = await activities.awaitInstance(
      `${slot.name}: wait for the SSM agent of ${slot.instance.id}${stepLabel(cluster, slot.name)}`,
      {
        ...scopeOf(cluster),
        instanceId: slot.instance.id,
        until: 'agent-online',
        registrationSeconds: registration / 1_000,
      },
    );
    slot.instance = nodeInstanceOf(view);
    slot.agentOnline = true;
    slot.measured = withMeasured(slot, now(), 'instance', 'agent');
    slot.exhaustedSubnets = [];
    slot.unreachableSubnets = [];
  } catch (error) {
    // EC2 may find only after its answer that it has no capacity there: the next launch goes elsewhere.
    if (classOf(error) === 'capacity') exhaust(cluster, slot, slot.instance.type, slot.instance.subnetId);
    if (detailOf(error)?.code === 'AgentNotRegistered') notRegistered(cluster, slot, slot.instance);
    throw error;
  }
}

function notRegistered(cluster: Cluster, slot: Slot, instance: NodeInstance): void {
  if (!slot.joined && slot.configHash === null) {
    slot.instance = { ...instance, unregistered: true };
    slot.unreachableSubnets = [...new Set([...slot.unreachableSubnets, instance.subnetId])];
    return;
  }
  // From here on the looks tell when it is back, and nothing is sent to it before.
  slot.agentOnline = true;
  const text = 'its SSM agent has not registered since the instance was started';
  const finding = { text, holds: true, since: now(), doubtedAt: null };
  cluster.state.findings = { ...cluster.state.findings, [findingKey(slot.name, 'agent')]: finding };
}

/** Puts the binary and the unit in place; the script asks first what is there and does nothing for the same version. */
export async function install(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { version } = cluster.state.document.spec.k3s;
  const params = { ROLE: slot.role, ...releaseParams(cluster, slot) };
  await runJob(cluster, slot, { script: 'install', summary: `install K3s ${version}`, params, timeoutSeconds: 900 });
  recordInstalled(cluster.state, slot, version);
}

/** Which K3s a node installs, and from where. */
export function releaseParams(cluster: Cluster, slot: Slot): Record<string, string> {
  const { k3s } = cluster.state.document.spec;
  const architecture = slot.instance?.architecture ?? 'amd64';
  const pin = k3s.sha256?.[architecture];
  return {
    K3S_VERSION: k3s.version,
    K3S_MIRROR: k3s.mirror,
    ARCH: architecture,
    ...(pin === undefined ? {} : { K3S_SHA256: pin }),
  };
}
