import { nodeNameOf, slotsOf } from '../../model/ids.js';
import type { InstanceView } from '../../model/observation.js';
import { nodeConfigOf } from '../../model/plan/wanted.js';
import type { Slot } from '../../model/state.js';
import { activities } from '../activities.js';
import { type Cluster, emit, now, scopeOf } from '../cluster-context.js';
import { emptySlot } from '../empty-slot.js';
import { nodeInstanceOf } from '../node-instance.js';
import { runJob } from '../node-job.js';

/** Takes over the uid, the instances and the group of an earlier life that was not deleted; else there is nothing to adopt. */
export async function adopt(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  const found = await activities.findCluster('look for what carries the name already', scopeOf(cluster));
  if (found === null) {
    state.adoption = 'done';
    return;
  }
  state.uid = found.uid;
  state.ownSecurityGroupId = found.securityGroupId;
  // Beyond every job id that the earlier workflow can have used: it counted from 1, or from an earlier second.
  state.jobCount = Math.floor(Date.now() / 1000);
  const youngest = new Map<string, InstanceView>();
  for (const view of found.instances) {
    const other = youngest.get(view.slot);
    if (other === undefined || other.generation < view.generation) youngest.set(view.slot, view);
  }
  const wanted = new Map(slotsOf(state.document).map((one) => [one.name, one]));
  for (const view of youngest.values()) {
    const pool =
      wanted.get(view.slot)?.pool ?? (/^server-\d+$/.test(view.slot) ? null : view.slot.replace(/-\d+$/, ''));
    const nodeName = nodeNameOf(state.document.metadata.name, view.slot, view.generation);
    const slot = emptySlot(
      { name: view.slot, role: pool === null ? 'server' : 'agent', pool },
      view.generation,
      nodeName,
    );
    state.slots = { ...state.slots, [view.slot]: { ...slot, instance: nodeInstanceOf(view) } };
    state.generations = { ...state.generations, [view.slot]: view.generation };
  }
  state.adoption = 'inspecting';
  cluster.replan = true;
  emit(cluster, 'Normal', 'Adopted', `found ${found.instances.map((view) => view.id).join(', ')} of uid ${found.uid}`);
  if (found.otherUids.length > 0) {
    emit(
      cluster,
      'Warning',
      'OrphansFound',
      `instances of other lives of the name exist: uid ${found.otherUids.join(', ')}`,
    );
  }
}

/** Asks every node that runs for its version, service and configuration; what serves is left alone. */
export async function inspect(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  const slots = Object.values(state.slots).filter((slot) => slot.instance?.power === 'running');
  await Promise.all(slots.map((slot) => inspectSlot(cluster, slot)));
  for (const slot of Object.values(state.slots)) if (slot.instance?.power === 'stopped') slot.joined = true;
  const founder = slots.find((slot) => slot.joined && slot.role === 'server' && configMatches(cluster, slot));
  const anyServer = slots.some((slot) => slot.joined && slot.role === 'server');
  state.founder = founder === undefined ? null : `${founder.name}#${founder.generation}`;
  if (anyServer) state.bornAt = now();
  state.adoption = 'done';
}

async function inspectSlot(cluster: Cluster, slot: Slot): Promise<void> {
  const probe = await runJob(cluster, slot, {
    script: 'probe',
    summary: 'ask what runs on it',
    params: { ROLE: slot.role },
    timeoutSeconds: 60,
  });
  const [hash = '', version = ''] = (probe['started-with'] ?? '').split(' ');
  slot.installed = probe['version'] === 'none' ? null : (probe['version'] ?? null);
  slot.service = probe['service'] === 'active' ? 'running' : 'stopped';
  slot.joined = hash !== '' && version !== '' && (slot.service === 'running' || slot.role === 'agent');
  slot.configHash = hash === '' ? null : hash;
}

/** Whether the node runs with what it would be given as the founder: then it is the founder. */
function configMatches(cluster: Cluster, slot: Slot): boolean {
  const { state } = cluster;
  const wanted = slotsOf(state.document).find((one) => one.name === slot.name);
  if (wanted === undefined || slot.instance === null) return false;
  const asFounder = { ...state, founder: `${slot.name}#${slot.generation}` };
  return nodeConfigOf(state.document, asFounder, wanted, slot, slot.instance).hash === slot.configHash;
}
