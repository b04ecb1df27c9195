import { workflowInfo } from '@temporalio/workflow';
import type { Claim, FoundCluster } from '../../../activities/api.js';
import { BUCKET_KEY } from '../../../model/bucket.js';
import { emptySlot } from '../../../model/empty-slot.js';
import { isServerSlot, nodeNameOf, slotIn, slotsOf, UNKNOWN_INSTANCE } from '../../../model/ids.js';
import type { InstanceObservation } from '../../../model/observation.js';
import { unseenGroups } from '../../../model/security-groups/own-groups.js';
import type { Slot } from '../../../model/state.js';
import { CLAIM_REFUSALS } from '../../../model/trust/ownership.js';
import { activities } from '../../lib/activities.js';
import { detailOf, failure } from '../../lib/errors.js';
import { type Cluster, callContext, emit, now, shortId, waitingSince } from '../context.js';
import { nodeInstanceOf } from '../observe/node-instance.js';
import { takeForeign } from '../observe/take-foreign.js';
import { inspectNodes } from './inspect.js';

/**
 * Claims the name, and takes over uid, instances and group of an earlier life that was not deleted. With the uid come the generations that it
 * has used, whatever became of their instances: their tokens and node names must not be used again. This workflow ends if another one may own
 * the name.
 */
export async function adopt(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  const { generation: claim, uid, found } = await claimName(cluster);
  state.claim = claim;
  state.adopt = null;
  if (found !== null) takeForeign(cluster, found.foreign);
  if (state.restore !== null && found !== null && found.instances.length > 0) throw nameInUse(cluster, found);
  if (found === null || uid === state.uid) {
    state.adoption = 'done';
    return;
  }
  state.uid = found.uid;
  // Beyond every job id that the earlier workflow can have used: it counted from 1, or from an earlier second.
  state.jobCount = Math.floor(Date.now() / 1000);
  for (const [slot, { generation }] of Object.entries(found.youngest))
    state.generations = { ...state.generations, [slot]: Math.max(state.generations[slot] ?? 0, generation) };
  for (const view of youngest(found.instances)) {
    const slot = emptySlot(
      placeOf(cluster, view.slot),
      view.generation,
      nodeNameIn(cluster, view.slot, view.generation),
    );
    state.slots = {
      ...state.slots,
      [view.slot]: {
        ...slot,
        instance: nodeInstanceOf(view),
        lastAppliedType: view.type,
        groups: view.groups ?? null,
      },
    };
  }
  // Groups alone are found again by their uid when they are wanted; the document may name another VPC by then.
  const groups = found.securityGroupIds;
  if (found.instances.length > 0) state.securityGroups = groups === null ? null : unseenGroups(groups);
  // Its workflow may still run; else what it has left is removed when it counts as lost.
  if (found.drill !== undefined) state.drill = { ...state.drill, running: { ref: `op-${shortId()}`, ...found.drill } };
  state.adoption = found.instances.length > 0 ? 'inspecting' : 'done';
  cluster.control.replanRequested = true;
  const what = found.instances.map((view) => view.id).join(', ') || 'no instance any more';
  emit(cluster, 'Normal', 'Adopted', `found uid ${found.uid}: ${what}`);
  if (found.otherUids.length > 0) {
    const uids = found.otherUids.join(', ');
    emit(
      cluster,
      'Warning',
      'OrphansFound',
      `something of other lives of the name exists (keelson orphans): uid ${uids}`,
    );
  }
}

/** A backup is restored into a new cluster: what a living one has on its disks must not be replaced by it. This workflow ends. */
function nameInUse(cluster: Cluster, { uid, instances }: FoundCluster) {
  const { name } = cluster.state.document.metadata;
  const detail = {
    code: 'NameInUse',
    class: 'conflict',
    message: `${name} is the name of a cluster that has instances (uid ${uid}): ${instances.map(({ id }) => id).join(', ')}`,
    hint: 'restore the backup into another name, or delete what is left first: keelson orphans',
  } as const;
  cluster.control.refused = detail;
  return failure(detail.class, detail.code, detail.message, detail.hint);
}

/** Asks what runs on the nodes and takes it over; what serves is left alone. */
export async function inspect(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  const found = await find(cluster);
  const stored = found?.bucketKeys ?? [];
  const tokens = stored.includes(BUCKET_KEY.serverToken) && stored.includes(BUCKET_KEY.agentToken);
  await inspectNodes(cluster, tokens);
  if (state.observedNodes !== null)
    for (const node of state.observedNodes.nodes) takeStaleNode(cluster, node.name, found);
  const servers = slotsOf(state.document).filter((one) => one.role === 'server');
  if (servers.every((one) => state.slots[one.name]?.joined)) state.initializedAt = now();
  state.adoption = 'done';
}

/** A claim that takes longer has waited for its turn: names of new clusters come faster than EC2 lets these be made. [docs/adr/0090] */
const SOON_MS = 10_000;

async function claimName(cluster: Cluster): Promise<Claim> {
  const { adopt, document } = cluster.state;
  const askedAt = Date.now();
  try {
    const claim = await activities.claimCluster('claim the name, and find what an earlier workflow has left', {
      ...callContext(cluster),
      ...waitingSince(cluster),
      firstRunId: workflowInfo().firstExecutionRunId,
      adopt,
      instanceProfile: document.spec.access.instanceProfile ?? null,
    });
    if (Date.now() - askedAt > SOON_MS) cluster.state.amongMany = true;
    return claim;
  } catch (error) {
    const detail = detailOf(error);
    if (detail !== null && CLAIM_REFUSALS.has(detail.code)) cluster.control.refused = detail;
    throw error;
  }
}

const find = (cluster: Cluster): Promise<FoundCluster | null> =>
  activities.findCluster('find what carries the name already', callContext(cluster));

/** Of each slot the instance of the latest generation. */
function youngest(views: InstanceObservation[]): InstanceObservation[] {
  const bySlot = new Map<string, InstanceObservation>();
  for (const view of views) {
    const other = bySlot.get(view.slot);
    if (other === undefined || other.generation < view.generation) bySlot.set(view.slot, view);
  }
  return [...bySlot.values()];
}

/** Role and pool of a slot: the document's, or where it has it no longer, what the name says. */
function placeOf(cluster: Cluster, name: string): Pick<Slot, 'name' | 'role' | 'pool'> {
  const wanted = slotIn(cluster.state.document, name);
  if (wanted !== undefined) return { name, role: wanted.role, pool: wanted.pool };
  return isServerSlot(name)
    ? { name, role: 'server', pool: null }
    : { name, role: 'agent', pool: name.replace(/-\d+$/, '') };
}

const nodeNameIn = (cluster: Cluster, slot: string, generation: number): string =>
  nodeNameOf(cluster.state.document.metadata.name, slot, generation);

/**
 * A node that Kubernetes still has and whose instance is gone: its slot is carried as a member without an instance, so that it is
 * removed before its replacement comes; a dead member would count against the quorum. [k3s #13498]
 */
function takeStaleNode(cluster: Cluster, node: string, found: FoundCluster | null): void {
  const { state } = cluster;
  const [, name, digits] = /^(.+)-g(\d+)$/.exec(node.slice(state.document.metadata.name.length + 1)) ?? [];
  const generation = Number(digits);
  if (name === undefined || node !== nodeNameIn(cluster, name, generation)) return;
  state.generations = { ...state.generations, [name]: Math.max(state.generations[name] ?? 0, generation) };
  if (state.slots[name] !== undefined) return;
  const lost = found?.youngest[name];
  const lastInstanceId = lost?.generation === generation ? lost.instanceId : UNKNOWN_INSTANCE;
  const slot = { ...emptySlot(placeOf(cluster, name), generation, node), joined: true, lastInstanceId };
  state.slots = { ...state.slots, [name]: slot };
}
