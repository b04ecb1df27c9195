import { isOnlyChange, misfitsOf, typesOf } from '../../model/plan/instance-type.js';
import { placementKeyOf } from '../../model/plan/wanted.js';
import { activities } from '../activities.js';
import { type Cluster, detailOf, emit, failure, now, scopeOf } from '../cluster-context.js';

/** Asks the account for everything a launch depends on, before anything is made, and pins the answers. */
export async function resolve(cluster: Cluster): Promise<void> {
  const { document } = cluster.state;
  const { state } = cluster;
  const { placement, userData } = await activities
    .resolvePlacement('check image, types, subnets and K3s release', {
      ...scopeOf(cluster),
      document,
      instanceTypes: typesOf(document, state),
      networksInUse: state.bornAt !== null,
    })
    .catch((error: unknown) => {
      holdMissing(cluster, error);
      throw error;
    });
  state.placement = placement;
  state.placementAt = now();
  state.placementKey = placementKeyOf(document);
  for (const [architecture, text] of Object.entries(userData)) {
    state.userDataIds = { ...state.userDataIds, [architecture]: text.id };
    state.userData = { ...state.userData, [text.id]: text.text };
  }
  const used = new Set(Object.values(state.slots).flatMap((slot) => (slot.launch ? [slot.launch.userDataId] : [])));
  for (const id of Object.values(state.userDataIds)) used.add(id);
  state.userData = Object.fromEntries(Object.entries(state.userData).filter(([id]) => used.has(id)));
  holdMisfits(cluster);
}

/** A type that the account does not have is given up where nodes are there that keep the one they have. */
function holdMissing(cluster: Cluster, error: unknown): void {
  const detail = detailOf(error);
  const { document, slots } = cluster.state;
  for (const type of detail?.types ?? []) {
    if (isOnlyChange(document, slots, type)) hold(cluster, type, detail?.message ?? '');
  }
}

function hold(cluster: Cluster, type: string, message: string): void {
  cluster.state.heldTypes = { ...cluster.state.heldTypes, [type]: message };
  emit(cluster, 'Warning', 'RollingBack', message);
}

/** A type that an instance cannot have is given up before anything is stopped for it: the nodes stay as they are. */
function holdMisfits(cluster: Cluster): void {
  const { state } = cluster;
  if (state.placement === null) return;
  const misfits = misfitsOf(state.document, state.slots, state.placement);
  const [first] = misfits;
  if (first === undefined) return;
  for (const { type, message } of misfits) hold(cluster, type, message);
  throw failure(
    'invalid',
    first.code,
    misfits.map((one) => one.message).join('; '),
    'ask for another type; nothing was touched',
  );
}
