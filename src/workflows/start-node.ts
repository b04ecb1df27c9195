import { slotsOf } from '../model/ids.js';
import { nodeConfigOf } from '../model/plan/wanted.js';
import type { Slot } from '../model/state.js';
import { type Cluster, failure } from './cluster-context.js';
import { type NodeJob, runJob } from './node-job.js';

const START_TIMEOUT_SECONDS = 900;

/** Writes the node's configuration, starts K3s with it and waits until it is there. */
export async function startNode(
  cluster: Cluster,
  slot: Slot,
  job: Omit<NodeJob, 'timeoutSeconds'> & { script: 'found' | 'join' | 'service-start' },
): Promise<{ hash: string; result: Record<string, string> }> {
  const { document } = cluster.state;
  const wanted = slotsOf(document).find((one) => one.name === slot.name);
  if (wanted === undefined || slot.instance === null) {
    const message = `${slot.name} is no longer wanted or has no instance`;
    throw failure('conflict', 'SlotUnwanted', message, 'it is planned anew');
  }
  const config = nodeConfigOf(document, cluster.state, wanted, slot, slot.instance);
  const params = { ROLE: slot.role, NODE_NAME: slot.nodeName, CONFIG: config.text, CONFIG_HASH: config.hash };
  const result = await runJob(cluster, slot, {
    ...job,
    params: { ...params, ...job.params },
    timeoutSeconds: START_TIMEOUT_SECONDS,
  });
  return { hash: config.hash, result };
}
