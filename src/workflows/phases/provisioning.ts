import { CancellationScope } from '@temporalio/workflow';
import { withReplacement } from '../../model/care/brake.js';
import { forgetFindings } from '../../model/care/findings.js';
import { emptySlot } from '../../model/empty-slot.js';
import { nodeNameOf, slotsOf, typesOfSlot, type WantedSlot } from '../../model/ids.js';
import { canResolveAgain } from '../../model/image-age.js';
import { withLaunch, withoutLaunch } from '../../model/launch-limit.js';
import type { Step } from '../../model/plan/index.js';
import { instanceGroups } from '../../model/security-groups/own-groups.js';
import type { ErrorClass, LaunchRequest, Placement, Slot } from '../../model/state.js';
import { zoneOfKept } from '../../model/volumes/requests.js';
import { activities } from '../activities.js';
import { type Cluster, classOf, detailOf, emit, failure, now, scopeOf, stepLabel } from '../cluster-context.js';
import { touched } from '../look.js';
import { nodeInstanceOf } from '../node-instance.js';
import { knowDataVolumes } from './volumes.js';

/**
 * One instance for the slot. The request is carried in the state before it is sent, and is sent to its end even when the
 * operation is cancelled: an instance whose id no one knows would be one no one deletes. No capacity: next subnet.
 */
export async function launch(cluster: Cluster, step: Step): Promise<void> {
  const wanted = slotsOf(cluster.state.document).find((one) => one.name === step.slot);
  if (wanted === undefined) return;
  await knowDataVolumes(cluster);
  const slot = openSlot(cluster, wanted);
  for (;;) {
    if (slot.launch === null) {
      slot.launch = requestFor(cluster, wanted, slot);
      cluster.state.launches = withLaunch(cluster.state.launches, slot.name, now());
    }
    const request = slot.launch;
    const userData = cluster.state.userData[request.userDataId];
    if (userData === undefined)
      throw failure(
        'unknown',
        'UserDataMissing',
        `user data ${request.userDataId} is not carried`,
        'report this as a defect',
      );
    const zone = cluster.state.placement?.subnets.find((subnet) => subnet.id === request.subnetId)?.zone;
    try {
      const view = await CancellationScope.nonCancellable(() =>
        activities.launchInstance(
          `${slot.name}: launch ${request.instanceType} in ${zone ?? request.subnetId}${stepLabel(cluster, slot.name)}`,
          {
            ...scopeOf(cluster),
            slot: slot.name,
            generation: slot.generation,
            nodeName: slot.nodeName,
            launch: request,
            userData,
            tags: cluster.state.document.spec.tags,
          },
        ),
      );
      // The call may have waited for its turn: what counts is when there was an instance.
      cluster.state.launches = withLaunch(withoutLaunch(cluster.state.launches, slot.name), slot.name, now());
      slot.instance = nodeInstanceOf(view);
      slot.givenType = view.type;
      slot.groups = request.securityGroupIds;
      touched(cluster);
      return;
    } catch (error) {
      // Only a refusal is an answer. After anything else the instance may exist: the same request is repeated, word for word.
      if (isRefusal(error)) slot.launch = null;
      // The generation had an instance that is terminated: it is used up, the next try is of the next one.
      if (detailOf(error)?.code === 'IdempotentInstanceTerminated') cluster.state.slots = without(cluster, slot.name);
      else if (isRefusal(error)) cluster.state.launches = withoutLaunch(cluster.state.launches, slot.name);
      // Someone has deleted the group: nothing was launched into it, and the next plan makes another.
      if (isGroupGone(error) && cluster.state.securityGroups !== null) {
        slot.launch = null;
        cluster.state.launches = withoutLaunch(cluster.state.launches, slot.name);
        cluster.state.securityGroups = null;
      }
      if (isImageGone(error) && canResolveAgain(cluster.state, now())) {
        emit(
          cluster,
          'Warning',
          'ImageGone',
          `${slot.name}: ${request.imageId} cannot be launched any more: the image is looked up again`,
        );
        cluster.state.placementKey = null;
        cluster.replan = true;
        return;
      }
      if (!isCapacity(error)) throw error;
      slot.exhaustedSubnets = [...slot.exhaustedSubnets, exhaustedKey(request.instanceType, request.subnetId)];
      const next = nextPlace(cluster, wanted, slot);
      emit(
        cluster,
        'Warning',
        'InsufficientInstanceCapacity',
        `${slot.name}: no ${request.instanceType} in ${zone ?? request.subnetId}, ${next === null ? nothingLeft(cluster, wanted) : `trying ${next.type} in ${next.zone}`}`,
      );
      if (next === null) {
        slot.exhaustedSubnets = [];
        throw error;
      }
    }
  }
}

/** Notes a subnet without capacity for a type of the slot; when there is nothing else left, all may be tried again. */
export function exhaust(cluster: Cluster, slot: Slot, type: string, subnetId: string): void {
  const wanted = slotsOf(cluster.state.document).find((one) => one.name === slot.name);
  if (wanted === undefined || cluster.state.placement === null) return;
  slot.exhaustedSubnets = [...slot.exhaustedSubnets, exhaustedKey(type, subnetId)];
  if (nextPlace(cluster, wanted, slot) === null) slot.exhaustedSubnets = [];
}

/** The slot in the state; a slot that has lost its instance gets the next generation and with it another node name. */
function openSlot(cluster: Cluster, wanted: WantedSlot): Slot {
  const before = cluster.state.slots[wanted.name];
  // A launch that was sent and not answered goes on under its own generation: its token finds the instance.
  if (before !== undefined && before.launch !== null) return before;
  const unused = before !== undefined && before.instance === null && before.lastInstanceId === null;
  const { state } = cluster;
  // Whatever the slot was, its node begins again.
  state.findings = forgetFindings(state.findings, wanted.name);
  if (state.bornAt !== null && before !== undefined && before.lastInstanceId !== null)
    state.replacements = withReplacement(state.replacements, now());
  const generation = unused ? before.generation : (cluster.state.generations[wanted.name] ?? 0) + 1;
  cluster.state.generations = { ...cluster.state.generations, [wanted.name]: generation };
  const nodeName = nodeNameOf(cluster.state.document.metadata.name, wanted.name, generation);
  const place = { name: wanted.name, role: wanted.role, pool: wanted.pool };
  const slot: Slot = {
    ...emptySlot(place, generation, nodeName),
    exhaustedSubnets: before?.exhaustedSubnets ?? [],
    unreachableSubnets: before?.unreachableSubnets ?? [],
  };
  cluster.state.slots = { ...cluster.state.slots, [wanted.name]: slot };
  return slot;
}

function requestFor(cluster: Cluster, wanted: WantedSlot, slot: Slot): LaunchRequest {
  const { state } = cluster;
  const placement = placementOf(cluster);
  const place = nextPlace(cluster, wanted, slot);
  const architecture = placement.instanceTypes[place?.type ?? '']?.architecture;
  const image = architecture === undefined ? undefined : placement.images[architecture];
  const userDataId = architecture === undefined ? undefined : state.userDataIds[architecture];
  if (place === null || image === undefined || userDataId === undefined) {
    const bound = zoneOfKept(wanted.volumes, state.dataVolumes?.[wanted.name]);
    if (bound !== null)
      throw failure(
        'invalid',
        'TypeNotOffered',
        `${slot.name}: its kept volumes are in ${bound}, and no subnet there, image or user data fits ${typesOfSlot(wanted).join(', ')}`,
        `name a subnet in ${bound} and a type that ${bound} offers; to give the data up, delete the volumes`,
      );
    throw failure(
      'invalid',
      'TypeNotOffered',
      `${slot.name}: no subnet${wanted.zones === null ? '' : ` in ${wanted.zones.join(', ')}`}, image or user data fits ${typesOfSlot(wanted).join(', ')}`,
      'choose a type that the zones of the subnets offer',
    );
  }
  return {
    subnetId: place.subnetId,
    instanceType: place.type,
    imageId: image.id,
    rootDeviceName: image.rootDeviceName,
    rootVolume: wanted.rootVolume,
    volumes: wanted.volumes,
    capacityReservation: wanted.capacityReservation,
    securityGroupIds: instanceGroups(state.document, state, slot.role) ?? [],
    metadataHopLimit: state.document.spec.access.metadataHopLimit,
    instanceProfile: state.document.spec.access.instanceProfile ?? null,
    publicIp: state.document.spec.network.publicIp,
    userDataId,
  };
}

function nothingLeft(cluster: Cluster, wanted: WantedSlot): string {
  const bound = zoneOfKept(wanted.volumes, cluster.state.dataVolumes?.[wanted.name]);
  return bound === null
    ? 'and nothing else is left to try'
    : `and nothing else is left to try: its kept volumes are in ${bound}`;
}

interface Place {
  type: string;
  subnetId: string;
  zone: string;
}

const exhaustedKey = (type: string, subnetId: string): string => `${type} ${subnetId}`;

/** Of the slot's types the first that some subnet may still have capacity for: all subnets are tried with one type before the next type is. */
function nextPlace(cluster: Cluster, wanted: WantedSlot, slot: Slot): Place | null {
  for (const type of typesOfSlot(wanted)) {
    const subnet = nextSubnet(cluster, wanted, slot, type);
    if (subnet !== undefined) return { type, subnetId: subnet.id, zone: subnet.zone };
  }
  return null;
}

/**
 * Spreads slots over the subnets by their index, past those that had no capacity and zones that lack the type or that the pool does not name. Subnets from
 * which an earlier instance of the slot could not be reached come last, and before them others of the same zones.
 */
function nextSubnet(
  cluster: Cluster,
  wanted: WantedSlot,
  slot: Slot,
  type: string,
): Placement['subnets'][number] | undefined {
  const placement = placementOf(cluster);
  const offered = placement.instanceTypes[type]?.zones ?? [];
  const bound = zoneOfKept(wanted.volumes, cluster.state.dataVolumes?.[wanted.name]);
  const zones = offered.filter(
    (zone) => (wanted.zones === null || wanted.zones.includes(zone)) && (bound === null || zone === bound),
  );
  const fitting = placement.subnets.filter((subnet) => zones.includes(subnet.zone));
  const index = Number(wanted.name.slice(wanted.name.lastIndexOf('-') + 1));
  const muteZones = fitting.filter(({ id }) => slot.unreachableSubnets.includes(id)).map(({ zone }) => zone);
  const lastness = ({ id, zone }: Placement['subnets'][number]): number =>
    slot.unreachableSubnets.includes(id) ? 2 : muteZones.includes(zone) ? 1 : 0;
  const ordered = [...fitting.slice(index % fitting.length), ...fitting.slice(0, index % fitting.length)]
    .filter(({ id }) => !slot.exhaustedSubnets.includes(exhaustedKey(type, id)))
    .sort((a, b) => lastness(a) - lastness(b));
  return ordered[0];
}

export function placementOf(cluster: Cluster): Placement {
  const { placement } = cluster.state;
  if (placement === null)
    throw failure('unknown', 'PlacementMissing', 'the placement is not resolved', 'report this as a defect');
  return placement;
}

function without(cluster: Cluster, name: string): Record<string, Slot> {
  const { [name]: _used, ...rest } = cluster.state.slots;
  return rest;
}

const REFUSALS: readonly ErrorClass[] = ['capacity', 'quota', 'auth', 'invalid', 'conflict'];

const isCapacity = (error: unknown): boolean => classOf(error) === 'capacity';

/** Deregistered, or not shared with the account any more. */
const isImageGone = (error: unknown): boolean =>
  /^InvalidAMIID\.(NotFound|Unavailable)$/.test(detailOf(error)?.code ?? '');

const isGroupGone = (error: unknown): boolean =>
  ['InvalidGroup.NotFound', 'InvalidGroupId.NotFound'].includes(detailOf(error)?.code ?? '');

function isRefusal(error: unknown): boolean {
  const found = classOf(error);
  return found !== null && REFUSALS.includes(found);
}
