import { slotsOf } from '../../../model/ids.js';
import { foundingOf } from '../../../model/plan/founding.js';
import { isOnlyChange, misfitsOf, typesOf } from '../../../model/plan/instance-type.js';
import { launchConfigKeyOf } from '../../../model/plan/wanted.js';
import type { ClusterState } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { detailOf, failure } from '../../lib/errors.js';
import { type Cluster, callContext, emit, now } from '../context.js';

/** Asks the account for everything a launch depends on, before anything is made, and pins the answers. */
export async function preflight(cluster: Cluster): Promise<void> {
  const { document } = cluster.state;
  const { state } = cluster;
  const { breakerResets } = cluster.inbox;
  // Someone who has changed what the account offers, and asks for another try, wants it to be looked at again.
  const isOutdated = () => cluster.inbox.breakerResets !== breakerResets;
  const slots = slotsOf(document).map(({ name }) => name);
  const made = slots.filter((name) => state.slots[name]?.instance);
  const empty = slots.filter((name) => !made.includes(name));
  const founding = foundingOf(document, state);
  const again = state.launchConfig !== null;
  const {
    launchConfig,
    userData,
    founding: foundingData = {},
    mirrorProblem = null,
  } = await activities
    .resolveLaunchConfig('check image, types, subnets and K3s release', {
      ...callContext(cluster),
      document,
      instanceTypes: typesOf(document, state),
      networksInUse: state.initializedAt !== null,
      ...(made.length > 0 && { launching: empty }),
      ...(founding !== null && { founding }),
      ...(again && { again }),
    })
    .catch((error: unknown) => {
      if (!isOutdated()) holdMissing(cluster, error);
      throw error;
    });
  state.launchConfig = launchConfig;
  state.launchConfigAt = now();
  if (again) state.askedAgainAt = now();
  state.launchConfigKey = isOutdated() ? null : launchConfigKeyOf(document);
  state.mirrorProblem =
    mirrorProblem === null ? null : { message: `${mirrorProblem.reason} (GET ${mirrorProblem.url})`, since: now() };
  for (const [architecture, text] of Object.entries(userData)) {
    state.userDataIds = { ...state.userDataIds, [architecture]: text.id };
    state.userData = { ...state.userData, [text.id]: text.text };
  }
  state.founding = founding === null ? null : { key: founding.key, userDataIds: {} };
  for (const [architecture, text] of Object.entries(foundingData)) {
    if (state.founding === null) break;
    state.founding.userDataIds = { ...state.founding.userDataIds, [architecture]: text.id };
    state.userData = { ...state.userData, [text.id]: text.text };
  }
  forgetUserData(state);
  if (!isOutdated()) holdMisfits(cluster);
}

/** Forgets the user data that no launch refers to any more. */
export function forgetUserData(state: ClusterState): void {
  const used = new Set(
    Object.values(state.slots).flatMap(({ launch, instance }) => (launch && !instance ? [launch.userDataId] : [])),
  );
  for (const id of Object.values(state.userDataIds)) used.add(id);
  for (const id of Object.values(state.founding?.userDataIds ?? {})) used.add(id);
  state.userData = Object.fromEntries(Object.entries(state.userData).filter(([id]) => used.has(id)));
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
  cluster.state.unavailableTypes = { ...cluster.state.unavailableTypes, [type]: message };
  emit(cluster, 'Warning', 'RollingBack', message);
}

/** A type that an instance cannot have is given up before anything is stopped for it: the nodes stay as they are. */
function holdMisfits(cluster: Cluster): void {
  const { state } = cluster;
  if (state.launchConfig === null) return;
  const misfits = misfitsOf(state.document, state.slots, state.launchConfig);
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
