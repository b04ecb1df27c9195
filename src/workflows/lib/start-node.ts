import { secondsOf } from '../../model/duration.js';
import { slotIn } from '../../model/ids.js';
import { nodeConfigOf } from '../../model/plan/wanted.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { ClusterState, Slot } from '../../model/state.js';
import type { Cluster } from '../cluster/context.js';
import { filesOf, tookFiles } from '../cluster/steps/node-files.js';
import { failure } from './errors.js';
import { type NodeJob, runJob } from './node-job.js';

const START_TIMEOUT_SECONDS = 900;

/** What a node was started with: a request may have put another document in force meanwhile. */
export interface Started {
  document: ClusterDocument;
  /** Of its configuration. */
  hash: string;
  result: Record<string, string>;
}

/**
 * Writes the node's configuration, starts K3s with it and waits until it is there.
 *
 * @param seen the cluster that the configuration is of, where it is not the present one
 */
export async function startNode(
  cluster: Cluster,
  slot: Slot,
  job: Omit<NodeJob, 'timeoutSeconds'> & { script: 'bootstrap' | 'join' | 'restore' | 'service-start' },
  seen: ClusterState = cluster.state,
): Promise<Started> {
  const { document } = cluster.state;
  const wanted = slotIn(document, slot.name);
  if (wanted === undefined || slot.instance === null) {
    const message = `${slot.name} is no longer wanted or has no instance`;
    throw failure('conflict', 'SlotUnwanted', message, 'it is planned again');
  }
  const config = nodeConfigOf(document, seen, wanted, slot, slot.instance);
  const params = { ROLE: slot.role, NODE_NAME: slot.nodeName, CONFIG: config.text, CONFIG_HASH: config.hash };
  const files = filesOf(cluster, slot);
  const hookSeconds = job.script === 'service-start' ? 0 : hookSecondsOf(document, slot);
  const result = await runJob(cluster, slot, {
    ...job,
    params: { ...params, ...files?.params, ...(hookSeconds > 0 && { HOOK_SECONDS: `${hookSeconds}` }), ...job.params },
    presign: { ...files?.presign, ...job.presign },
    timeoutSeconds: START_TIMEOUT_SECONDS + 2 * hookSeconds,
  });
  tookFiles(cluster, slot, files, result);
  return { document, hash: config.hash, result };
}

/** Returns how long each of the node's own scripts may take; 0 where it has none. */
export function hookSecondsOf({ spec }: ClusterDocument, { pool }: Slot): number {
  const { node } = pool === null ? spec.servers : (spec.pools.find(({ name }) => name === pool) ?? spec.servers);
  return node.before === undefined && node.after === undefined ? 0 : secondsOf(node.timeout);
}
