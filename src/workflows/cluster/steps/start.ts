import { confirmedFinding } from '../../../model/health/findings.js';
import { withRestart } from '../../../model/health/restarts.js';
import { lacksCni } from '../../../model/k3s/cni.js';
import { recordPublished } from '../../../model/kubeconfig.js';
import { identityLabels } from '../../../model/node-labels/identity.js';
import type { Step } from '../../../model/plan/index.js';
import { apiAddressOf, publisherOf } from '../../../model/plan/wanted.js';
import { recordTaken, rotationFor, termsOf } from '../../../model/rotation/state.js';
import { instanceStarted, k3sStarted, uncordoned } from '../../../model/state/transitions.js';
import type { Slot } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { classOf } from '../../lib/errors.js';
import { startNode } from '../../lib/start-node.js';
import { apply, startOf } from '../apply.js';
import { type Cluster, callContext, emit, now, slotOf, waitingSince } from '../context.js';
import { invalidateObservations, recordObservedNodes } from '../observe/kubernetes.js';
import { caHashIn, KUBECONFIG_PUT } from './bootstrap-and-join.js';
import { rotationJob } from './rotate.js';

/** Starts the instance; the step that waits for the agent takes over the new public address. */
export async function startInstance(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  const { breakerResets } = cluster.inbox;
  if (instance === null) return;
  try {
    // A call that was sent is awaited all the same; one that still waits for its turn is not.
    await activities.startInstances(`${slot.name}: start ${instance.id}`, {
      ...callContext(cluster),
      ...waitingSince(cluster),
      instanceIds: [instance.id],
    });
  } catch (error) {
    // A request that wants another try at once may have come meanwhile.
    if (classOf(error) === 'capacity' && cluster.inbox.breakerResets === breakerResets)
      markTypeUnavailable(cluster, slot, instance.type);
    throw error;
  }
  apply(cluster, slot, instanceStarted(instance, startOf(cluster)));
}

/**
 * Starts K3s with the current configuration, or restarts it if it runs with another one. The same job uncordons a server and stores the
 * kubeconfig when its address has changed: each round trip to a node costs seconds.
 */
export async function startService(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  invalidateObservations(cluster);
  const rotation = rotationFor(cluster.state, slot);
  const publishes = publisherOf(cluster.state) === slot;
  const renewed = rotation !== null && termsOf(rotation).inKubeconfig;
  const address = publishes ? newAddressOf(cluster, renewed) : null;
  const job = rotationJob(rotation, slot);
  const uncordons = slot.role === 'server' && slot.cordoned;
  const ill = (['service', 'ready', 'readyz', 'nospace'] as const).some(
    (kind) => confirmedFinding(cluster.state, slot.name, kind) !== null,
  );
  // Before the try, because restarts that fail back off, too.
  if (ill) slot.restarts = withRestart(slot.restarts, now());
  const kept = (['certificates', 'database'] as const).some(
    (kind) => confirmedFinding(cluster.state, slot.name, kind) !== null,
  );
  if (kept) slot.upkeepAt = now();
  const restarts = slot.service === 'running';
  const started = await startNode(cluster, slot, {
    script: 'service-start',
    summary: step.title,
    takesDown: true,
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
  // With the kubeconfig that holds it, because that is compared with it.
  if (rotation?.what === 'ca' && address !== null)
    cluster.state.caHash = caHashIn(started.result) ?? cluster.state.caHash;
  // Facts about its certificates date from before the start.
  if (address !== null) recordPublished(cluster.state, { ...slot, facts: null }, address);
  if (uncordons) apply(cluster, slot, uncordoned);
  // K3s merges the labels of its configuration at a start, and the type of the instance may have changed. [k3s source: pkg/agent/run.go]
  if (slot.nodeLabels !== null && slot.instance !== null) {
    const labels = { ...slot.nodeLabels.labels, ...identityLabels(started.document, slot.instance) };
    slot.nodeLabels = { ...slot.nodeLabels, labels };
  }
  apply(cluster, slot, k3sStarted(started.hash, startOf(cluster)));
  recordObservedNodes(cluster, started.result);
  slot.previousType = null;
}

/** Returns the address that the kubeconfig must name, where it names another one or none, or holds a certificate that is replaced. */
function newAddressOf(cluster: Cluster, renewed: boolean): string | null {
  const address = apiAddressOf(cluster.state.document, cluster.state);
  return address === cluster.state.apiAddress && !renewed ? null : address;
}

/** Gives up a new type that cannot start: the next plan gives the server its old type back. */
function markTypeUnavailable(cluster: Cluster, slot: Slot, type: string): void {
  if (slot.previousType === null || slot.previousType === type) return;
  cluster.state.unavailableTypes = {
    ...cluster.state.unavailableTypes,
    [type]: `no capacity for ${type} when ${slot.name} was started`,
  };
  emit(cluster, 'Warning', 'RollingBack', `${slot.name}: no capacity for ${type}, going back to ${slot.previousType}`);
}
