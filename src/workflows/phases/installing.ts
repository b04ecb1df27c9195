import { recordInstalled } from '../../model/k3s/installed.js';
import type { Step } from '../../model/plan/index.js';
import type { Slot } from '../../model/state.js';
import { activities } from '../activities.js';
import { type Cluster, classOf, scopeOf, slotOf, stepLabel } from '../cluster-context.js';
import { nodeInstanceOf } from '../node-instance.js';
import { runJob } from '../node-job.js';
import { exhaust } from './provisioning.js';

/** Waits until the instance runs and its SSM agent is online; takes over its addresses, which a start may have changed. */
export async function awaitAgent(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  if (slot.instance === null) return;
  const { subnetId } = slot.instance;
  const view = await activities
    .awaitInstance(`${slot.name}: wait for the SSM agent of ${slot.instance.id}${stepLabel(cluster, slot.name)}`, {
      ...scopeOf(cluster),
      instanceId: slot.instance.id,
      until: 'agent-online',
    })
    .catch((error: unknown) => {
      // EC2 may find only after its answer that it has no capacity there: the next launch goes elsewhere.
      if (classOf(error) === 'capacity') exhaust(cluster, slot, subnetId);
      throw error;
    });
  slot.instance = nodeInstanceOf(view);
  slot.agentOnline = true;
  slot.exhaustedSubnets = [];
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
