import { CancellationScope } from '@temporalio/workflow';
import { believed } from '../../model/care/findings.js';
import { withRestart } from '../../model/care/restarts.js';
import { lacksCni } from '../../model/k3s/cni.js';
import { recordPublished } from '../../model/kubeconfig.js';
import { withMeasured } from '../../model/measured.js';
import { identityLabels } from '../../model/node-labels/identity.js';
import type { Step } from '../../model/plan/index.js';
import { apiAddressOf, publisherOf } from '../../model/plan/wanted.js';
import { recordTaken, rotationFor, termsOf } from '../../model/rotation/state.js';
import type { Slot } from '../../model/state.js';
import { activities } from '../activities.js';
import { begunAnew } from '../begun-anew.js';
import { type Cluster, classOf, emit, now, scopeOf, slotOf } from '../cluster-context.js';
import { sawNodes, touched } from '../look.js';
import { startNode } from '../start-node.js';
import { caHashIn, KUBECONFIG_PUT } from './configuring.js';
import { rotationJob } from './rotating.js';

/** StartInstances; the step that waits for the agent takes over the new public address. */
export async function startInstance(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance === null) return;
  try {
    await CancellationScope.nonCancellable(() =>
      activities.startInstances(`${slot.name}: start ${instance.id}`, {
        ...scopeOf(cluster),
        instanceIds: [instance.id],
      }),
    );
  } catch (error) {
    if (classOf(error) === 'capacity') holdType(cluster, slot, instance.type);
    throw error;
  }
  slot.instance = { ...instance, power: 'running' };
  slot.agentOnline = false;
  begunAnew(cluster, slot);
  slot.measured = {};
  touched(cluster);
}

/**
 * K3s with the configuration of now: started, or restarted where it runs with another one. In the same job a server that was
 * cordoned lets pods come back, and the first server stores the kubeconfig where its address has changed: each way to a node
 * and back costs seconds.
 */
export async function startService(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  touched(cluster);
  const rotation = rotationFor(cluster.state, slot);
  const publishes = publisherOf(cluster.state) === slot;
  const renewed = rotation !== null && termsOf(rotation).inKubeconfig;
  const address = publishes ? newAddressOf(cluster, renewed) : null;
  const job = rotationJob(rotation, slot);
  const uncordons = slot.role === 'server' && slot.cordoned;
  const ill = (['service', 'ready', 'readyz', 'nospace'] as const).some(
    (kind) => believed(cluster.state, slot.name, kind) !== null,
  );
  // Before it is tried: what fails again and again is tried less and less often, too.
  if (ill) slot.restarts = withRestart(slot.restarts, now());
  const kept = (['certificates', 'database'] as const).some(
    (kind) => believed(cluster.state, slot.name, kind) !== null,
  );
  if (kept) slot.upkeepAt = now();
  const restarts = slot.service === 'running';
  const started = await startNode(cluster, slot, {
    script: 'service-start',
    summary: step.title,
    params: {
      ...(uncordons ? { UNCORDON: 'true' } : {}),
      ...(restarts ? { RESTART: 'true' } : {}),
      ...(lacksCni(cluster.state) ? { NODE_SECONDS: '5' } : {}),
      ...(address === null ? {} : { API_ADDRESS: address }),
      ...job.params,
    },
    presign: { ...job.presign, ...(address !== null && { KUBECONFIG_PUT }) },
  });
  recordTaken(cluster.state, slot);
  // With the kubeconfig that holds it, for that is compared with it.
  if (rotation?.what === 'ca' && address !== null)
    cluster.state.caHash = caHashIn(started.result) ?? cluster.state.caHash;
  // What was known of its certificates is of before the start.
  if (address !== null) recordPublished(cluster.state, { ...slot, facts: null }, address);
  if (uncordons) Object.assign(slot, { cordoned: false, drained: false });
  slot.configHash = started.hash;
  // K3s merges the labels of its configuration at a start, and the type of the instance may have changed. [k3s source: pkg/agent/run.go]
  if (slot.nodeLabels !== null && slot.instance !== null) {
    const labels = { ...slot.nodeLabels.labels, ...identityLabels(cluster.state.document, slot.instance) };
    slot.nodeLabels = { ...slot.nodeLabels, labels };
  }
  slot.service = 'running';
  begunAnew(cluster, slot);
  slot.measured = withMeasured(slot, now(), 'service');
  touched(cluster);
  sawNodes(cluster, started.result);
  slot.previousType = null;
}

/** The address that the kubeconfig must name, where it names another one or none, or holds a certificate that is replaced. */
function newAddressOf(cluster: Cluster, renewed: boolean): string | null {
  const address = apiAddressOf(cluster.state.document, cluster.state);
  return address === cluster.state.apiAddress && !renewed ? null : address;
}

/** A new type that cannot start is given up for now: the next plan gives the server its old type back. */
function holdType(cluster: Cluster, slot: Slot, type: string): void {
  if (slot.previousType === null || slot.previousType === type) return;
  cluster.state.heldTypes = {
    ...cluster.state.heldTypes,
    [type]: `no capacity for ${type} when ${slot.name} was started`,
  };
  emit(cluster, 'Warning', 'RollingBack', `${slot.name}: no capacity for ${type}, going back to ${slot.previousType}`);
}
