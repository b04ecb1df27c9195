import { jobIdOf } from '../../../model/ids.js';
import { labelLines, labelledSlots, labelsKey, type NodeLabels } from '../../../model/node-labels/wanted.js';
import { needsLabels } from '../../../model/plan/node-labels.js';
import { joinTarget } from '../../../model/plan/wanted.js';
import type { Slot } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { failure } from '../../lib/errors.js';
import { runJob } from '../../lib/node-job.js';
import { type Cluster, callContext } from '../context.js';
import { forgetLabelFinding, recordObservedNodes } from '../observe/kubernetes.js';

/** A command takes at most 50 instances. [docs: SSM SendCommand] */
const AT_ONCE = 50;
/** Lines for one job: a command has 64 KiB with its script. [docs: SSM SendCommand] */
const LINES = 200;

/**
 * Sets the document's labels and taints on running nodes, without a restart: first in each node's configuration, because K3s merges them at
 * every start, then through the API. The script checks the result.
 */
export async function labelNodes(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  const due = labelledSlots(state.document, state).filter(({ slot, wanted }) => needsLabels(state, slot, wanted));
  const groups = new Map<string, { wanted: NodeLabels; slots: Slot[] }>();
  for (const { slot, wanted } of due) {
    const group = groups.get(labelsKey(wanted)) ?? { wanted, slots: [] };
    groups.set(labelsKey(wanted), { wanted, slots: [...group.slots, slot] });
  }
  for (const { wanted, slots } of groups.values()) {
    for (let at = 0; at < slots.length; at += AT_ONCE)
      await writeLabels(cluster, slots.slice(at, at + AT_ONCE), wanted);
  }
  const names = new Set(due.map(({ slot }) => slot.nodeName));
  const lines = labelLines(state.document, state).filter((line) => names.has(line.split(' ')[0] ?? ''));
  for (let at = 0; at < lines.length; at += LINES) await setLabels(cluster, lines.slice(at, at + LINES));
  for (const { slot, wanted } of due) {
    slot.nodeLabels = wanted;
    forgetLabelFinding(cluster, slot);
  }
}

async function setLabels(cluster: Cluster, lines: readonly string[]): Promise<void> {
  const server = joinTarget(cluster.state);
  if (server === null) throw failure('conflict', 'NoServerUp', 'no server is up to ask', 'it is planned again');
  const result = await runJob(cluster, server, {
    script: 'label-nodes',
    summary: 'set labels and taints',
    params: { NODE_LABELS: lines.join('\n') },
    timeoutSeconds: 600,
  });
  recordObservedNodes(cluster, result);
}

/** Writes the configuration of nodes that get the same lines. A node that cannot write it fails the step: the next try repeats all. */
async function writeLabels(cluster: Cluster, slots: readonly Slot[], { labels, taints }: NodeLabels): Promise<void> {
  const { state } = cluster;
  const line = (key: string, list: string[]): string => (list.length === 0 ? '' : `${key}: ${JSON.stringify(list)}`);
  state.jobCount += 1;
  const results = await activities.runOnNodes(`write labels and taints of ${slots.length} nodes for their next start`, {
    ...callContext(cluster),
    instanceIds: slots.flatMap((slot) => slot.instance?.id ?? []),
    jobId: jobIdOf(state.document.metadata.name, state.uid, 'write-labels', slots[0]?.name ?? '', state.jobCount),
    script: 'write-labels',
    params: {
      LABELS: line(
        'node-label',
        Object.entries(labels)
          .map(([key, value]) => `${key}=${value}`)
          .sort(),
      ),
      TAINTS: line(
        'node-taint',
        taints.map((taint) => taint.replace('=:', ':')),
      ),
    },
    presign: {},
    timeoutSeconds: 60,
  });
  const bad = results.find((one) => one.outcome !== 'done');
  if (bad === undefined) return;
  const slot = slots.find((one) => one.instance?.id === bad.instanceId);
  throw failure(
    'node-script',
    'NodeScriptFailed',
    `${slot?.name ?? bad.instanceId}: write-labels ${bad.outcome}: ${bad.logTail.slice(-400)}`,
    'see the log on the node under /var/lib/keelson/jobs',
  );
}
