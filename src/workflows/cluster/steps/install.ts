import { findingKey } from '../../../model/health/findings.js';
import { waitsOf } from '../../../model/health/waits.js';
import { recordInstalled } from '../../../model/k3s/installed.js';
import type { Step } from '../../../model/plan/index.js';
import { binaryReplaced, reachable, unreachable } from '../../../model/state/transitions.js';
import type { NodeInstance, Slot } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { classOf, detailOf } from '../../lib/errors.js';
import { runJob } from '../../lib/node-job.js';
import { apply } from '../apply.js';
import { type Cluster, callContext, now, slotOf, stepLabel } from '../context.js';
import { nodeInstanceOf } from '../observe/node-instance.js';
import { tellType } from '../observe/tell-type.js';
import { exhaust } from './launch.js';

/**
 * Waits until the instance runs and its SSM agent is online; takes over its addresses, which a start may have changed. If the agent of a
 * new instance does not register in time, Keelson gives the instance up, and its successor goes to another subnet; an instance that holds
 * data counts as one whose agent is lost.
 */
export async function awaitAgent(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  if (slot.instance === null) return;
  const { registration } = waitsOf(cluster.state.document);
  try {
    const view = await activities.awaitInstance(
      `${slot.name}: wait for the SSM agent of ${slot.instance.id}${stepLabel(cluster, slot.name)}`,
      {
        ...callContext(cluster),
        instanceId: slot.instance.id,
        until: 'agent-online',
        registrationSeconds: registration / 1_000,
      },
    );
    // One that was stopped by hand and started by Keelson may have got another type in between.
    tellType(cluster, slot.name, slot.instance, view);
    apply(cluster, slot, reachable(nodeInstanceOf(view), now()));
  } catch (error) {
    // EC2 may notice only after its answer that it has no capacity there: the next launch goes elsewhere.
    if (classOf(error) === 'capacity') exhaust(cluster, slot, slot.instance.type, slot.instance.subnetId);
    if (detailOf(error)?.code === 'AgentNotRegistered') notRegistered(cluster, slot, slot.instance);
    throw error;
  }
}

function notRegistered(cluster: Cluster, slot: Slot, instance: NodeInstance): void {
  if (!slot.joined && slot.configHash === null) {
    apply(cluster, slot, unreachable(instance));
    return;
  }
  // From now on observations notice when the agent is back, and Keelson sends nothing to the node before.
  slot.agentOnline = true;
  const text = 'its SSM agent has not registered since the instance was started';
  const finding = { text, confirmed: true, since: now(), pendingSince: null };
  cluster.state.findings = { ...cluster.state.findings, [findingKey(slot.name, 'agent')]: finding };
}

/** Puts the binary and the unit in place; the script does nothing if that version is installed. */
export async function install(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { version } = cluster.state.document.spec.k3s;
  const params = { ROLE: slot.role, ...releaseParams(cluster, slot) };
  await runJob(cluster, slot, { script: 'install', summary: `install K3s ${version}`, params, timeoutSeconds: 900 });
  recordInstalled(cluster.state, slot, version);
  apply(cluster, slot, binaryReplaced);
}

/** Returns which K3s a node installs, and from where. */
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
