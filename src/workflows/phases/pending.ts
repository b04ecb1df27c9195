import { placementKeyOf } from '../../model/plan/wanted.js';
import { activities } from '../activities.js';
import { type Cluster, scopeOf } from '../cluster-context.js';

/** Asks the account for everything a launch depends on, before anything is made, and pins the answers. */
export async function resolve(cluster: Cluster): Promise<void> {
  const { document } = cluster.state;
  const { placement, userData } = await activities.resolvePlacement('check image, types, subnets and K3s release', {
    ...scopeOf(cluster),
    document,
  });
  const { state } = cluster;
  state.placement = placement;
  state.placementKey = placementKeyOf(document);
  for (const [architecture, text] of Object.entries(userData)) {
    state.userDataIds = { ...state.userDataIds, [architecture]: text.id };
    state.userData = { ...state.userData, [text.id]: text.text };
  }
  const used = new Set(Object.values(state.slots).flatMap((slot) => (slot.launch ? [slot.launch.userDataId] : [])));
  for (const id of Object.values(state.userDataIds)) used.add(id);
  state.userData = Object.fromEntries(Object.entries(state.userData).filter(([id]) => used.has(id)));
}
