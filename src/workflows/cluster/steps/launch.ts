import { departingNode } from '../../../model/departing.js';
import { emptySlot } from '../../../model/empty-slot.js';
import { forgetFindings } from '../../../model/health/findings.js';
import { withReplacement } from '../../../model/health/replacement-limit.js';
import { nodeNameOf, slotIn, typesOfSlot, type WantedSlot } from '../../../model/ids.js';
import { slotsOfBatch } from '../../../model/launch-batch.js';
import { forgetLaunch, recordLaunch } from '../../../model/launch-limit.js';
import { canAskAgain, goneOf, isOutdated } from '../../../model/launch-refused.js';
import { FOUNDER, foundingOf } from '../../../model/plan/founding.js';
import type { Step } from '../../../model/plan/index.js';
import { instanceGroups } from '../../../model/security-groups/own-groups.js';
import { launched } from '../../../model/state/transitions.js';
import type { Architecture, ClusterState, LaunchConfig, LaunchRequest, Slot } from '../../../model/state.js';
import { zoneOfKept } from '../../../model/volumes/requests.js';
import { activities } from '../../lib/activities.js';
import { classOf, detailOf, failure, isCancelled } from '../../lib/errors.js';
import { apply } from '../apply.js';
import { type Cluster, callContext, emit, type Launched, now } from '../context.js';
import { nodeInstanceOf } from '../observe/node-instance.js';
import { groupOf, isGroupGone, isRefusal, leaveGroup } from './launch-group.js';
import { forgetUserData } from './preflight.js';
import { knowDataVolumes } from './volumes.js';

/**
 * Launches one instance for the slot. The state carries the request before Keelson sends it, and a sent request is awaited even when the
 * operation is cancelled: no one could delete an instance whose id is unknown. Without capacity the next subnet follows. Agents that begin together
 * may share a call.
 */
export async function launch(cluster: Cluster, step: Step): Promise<void> {
  try {
    await launchSlot(cluster, step);
  } finally {
    leaveGroup(cluster, step.slot ?? '');
  }
}

async function launchSlot(cluster: Cluster, step: Step): Promise<void> {
  const wanted = slotIn(cluster.state.document, step.slot);
  if (wanted === undefined) return;
  await knowDataVolumes(cluster);
  const slot = openSlot(cluster, wanted);
  for (;;) {
    const fresh = slot.launch === null;
    if (slot.launch === null) {
      slot.launch = requestFor(cluster, wanted, slot);
      recordLaunch(cluster.state, slot.name, now());
    }
    const request = slot.launch;
    const group = groupOf(cluster, slot.name);
    const zone = cluster.state.launchConfig?.subnets.find((subnet) => subnet.id === request.subnetId)?.zone;
    let toTag: Launched['toTag'];
    try {
      const launch = await group.launch(slot, request, fresh);
      toTag = launch.toTag;
      // The call may have waited for its turn: the time of the launch is what counts.
      forgetLaunch(cluster.state, slot.name);
      recordLaunch(cluster.state, slot.name, now());
      apply(cluster, slot, launched(nodeInstanceOf(launch.view), request.securityGroupIds));
      slot.launch = withoutTags(slot.launch);
      // Its text is long, and no other instance founds the cluster.
      if (slot.name === FOUNDER) cluster.state.founding = null;
      forgetUserData(cluster.state);
    } catch (error) {
      const batch = slot.launch?.batch;
      // One speaks for all that share the call.
      const tell = (reason: string, what: string): void => {
        const others = batch === undefined ? '' : ` and ${batch.count - 1} more`;
        if (batch === undefined || slotsOfBatch(batch)[0] === slot.name)
          emit(cluster, 'Warning', reason, `${slot.name}${others}: ${what}`);
      };
      // Only a refusal is an answer. After anything else the instance may exist, so Keelson repeats the same request, word for word.
      if (isRefusal(error)) slot.launch = null;
      if (detailOf(error)?.code === 'IdempotentInstanceTerminated') useUp(cluster, slot);
      else if (isRefusal(error)) forgetLaunch(cluster.state, slot.name);
      // Someone has deleted the group, so nothing was launched; the next plan makes another group.
      // Those that share a call forget it together: one that kept it would ask for all of them again.
      if (isGroupGone(error) && (cluster.state.securityGroups !== null || batch !== undefined)) {
        slot.launch = null;
        forgetLaunch(cluster.state, slot.name);
        cluster.state.securityGroups = null;
      }
      const gone = goneOf(detailOf(error)?.code);
      if (gone !== null && isOutdated(request, launchConfigOf(cluster))) continue;
      if (gone === 'image' && canAskAgain(cluster.state, gone, now())) {
        tell('ImageGone', `${request.imageId} cannot be launched any more: the image is looked up again`);
        return askAgain(cluster);
      }
      if (gone === 'subnet' && canAskAgain(cluster.state, gone, now())) {
        tell('SubnetGone', `${request.subnetId} does not exist any more: the subnets are looked up again`);
        return askAgain(cluster);
      }
      // All of them or none: a part may still fit.
      const halve = (): boolean => batch !== undefined && groupOf(cluster, slot.name).halve(batch);
      const quota = classOf(error) === 'quota' ? detailOf(error) : null;
      if (quota !== null && halve()) {
        tell(quota.code, `${quota.message}; half as many are tried at once`);
        continue;
      }
      // With one subnet less the others are tried, as where one is full.
      if (!isCapacity(error) && gone !== 'subnet') throw error;
      slot.exhaustedSubnets = [...slot.exhaustedSubnets, exhaustedKey(request.instanceType, request.subnetId)];
      const next = nextPlace(cluster, wanted, slot);
      const fewer = next === null && halve();
      const what = fewer
        ? 'trying half as many at once'
        : next === null
          ? nothingLeft(cluster, wanted)
          : `trying ${next.type} in ${next.zone}`;
      if (gone === 'subnet') tell('SubnetGone', `${request.subnetId} does not exist any more, ${what}`);
      else tell('InsufficientInstanceCapacity', `no ${request.instanceType} in ${zone ?? request.subnetId}, ${what}`);
      if (next === null) {
        const tried = slot.exhaustedSubnets;
        slot.exhaustedSubnets = [];
        if (!fewer) throw withTried(error, tried, launchConfigOf(cluster));
      }
      continue;
    }
    await tagTogether(cluster, toTag);
    return;
  }
}

/** Has everything that a launch depends on looked up again, before anything else is done. */
export function askAgain({ state, control }: Cluster): void {
  state.launchConfigKey = null;
  control.replanRequested = true;
}

/** Gives instances that were launched together the tags of their slots. People read them: without them nothing else is missing. */
async function tagTogether(cluster: Cluster, instances: Launched['toTag']): Promise<void> {
  const [first] = instances;
  if (first === undefined) return;
  const many = `${first.slot} and ${instances.length - 1} more`;
  try {
    const { tags } = cluster.state.document.spec;
    await activities.tagInstances(`${many}: tag`, { ...callContext(cluster), instances, tags });
  } catch (error) {
    if (isCancelled(error)) throw error;
    const why = detailOf(error)?.message ?? String(error);
    emit(cluster, 'Warning', 'TagsRefused', `${many}: their tags and names stay those of their common launch: ${why}`);
  }
}

/** Returns a launch that is answered: its tags are on the instance. */
function withoutTags(launch: LaunchRequest | null): LaunchRequest | null {
  if (launch === null) return null;
  const { tags: _, ...rest } = launch;
  return rest;
}

/** Returns the refusal with all that were tried: AWS's text proposes the zones that have refused as well. */
function withTried(error: unknown, tried: readonly string[], { subnets }: LaunchConfig): unknown {
  const detail = detailOf(error);
  if (detail === null || tried.length < 2) return error;
  const places = tried.map((key) => {
    const zone = subnets.find(({ id }) => key.endsWith(` ${id}`))?.zone;
    return zone === undefined ? key : `${key} (${zone})`;
  });
  const [first = '', ...lines] = detail.message.split('\n');
  const message = [`${first}; all were tried: ${places.join(', ')}`, ...lines].join('\n');
  return failure(detail.class, detail.code, message, detail.hint);
}

/** Notes a subnet without capacity for a type of the slot. When no subnet remains, the next try may use all of them again. */
export function exhaust(cluster: Cluster, slot: Slot, type: string, subnetId: string): void {
  const wanted = slotIn(cluster.state.document, slot.name);
  if (wanted === undefined || cluster.state.launchConfig === null) return;
  slot.exhaustedSubnets = [...slot.exhaustedSubnets, exhaustedKey(type, subnetId)];
  if (nextPlace(cluster, wanted, slot) === null) slot.exhaustedSubnets = [];
}

/** Returns the slot in the state; a slot that has lost its instance gets the next generation and with it another node name. */
function openSlot(cluster: Cluster, wanted: WantedSlot): Slot {
  const before = cluster.state.slots[wanted.name];
  // A launch without an answer continues under its own generation: its token finds the instance.
  if (before !== undefined && before.launch !== null) return before;
  const unused = before !== undefined && before.instance === null && before.lastInstanceId === null;
  const { state } = cluster;
  // Whatever the slot was, its node begins from nothing.
  state.findings = forgetFindings(state.findings, wanted.name);
  if (state.initializedAt !== null && before !== undefined && before.lastInstanceId !== null)
    state.replacements = withReplacement(state.replacements, now());
  const generation = unused ? before.generation : (state.generations[wanted.name] ?? 0) + 1;
  state.generations[wanted.name] = generation;
  const nodeName = nodeNameOf(state.document.metadata.name, wanted.name, generation);
  const place = { name: wanted.name, role: wanted.role, pool: wanted.pool };
  const slot: Slot = {
    ...emptySlot(place, generation, nodeName),
    departing: before === undefined ? null : departingNode(before),
    ...(before?.lost !== undefined && { lost: before.lost }),
    exhaustedSubnets: before?.exhaustedSubnets ?? [],
    unreachableSubnets: before?.unreachableSubnets ?? [],
  };
  state.slots[wanted.name] = slot;
  return slot;
}

function requestFor(cluster: Cluster, wanted: WantedSlot, slot: Slot): LaunchRequest {
  const { state } = cluster;
  const launchConfig = launchConfigOf(cluster);
  const place = nextPlace(cluster, wanted, slot);
  const { tags } = state.document.spec;
  const architecture = launchConfig.instanceTypes[place?.type ?? '']?.architecture;
  const image = architecture === undefined ? undefined : launchConfig.images[architecture];
  const userDataId = architecture === undefined ? undefined : userDataFor(state, wanted, architecture);
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
    ...(Object.keys(tags).length > 0 && { tags }),
  };
}

/** Returns the key of what an instance finds at its first boot. A text for a document that has changed since counts for nothing. */
function userDataFor(state: ClusterState, { name }: WantedSlot, architecture: Architecture): string | undefined {
  const { founding } = state;
  const isFounder = name === FOUNDER && founding && foundingOf(state.document, state)?.key === founding.key;
  return (isFounder ? founding.userDataIds[architecture] : undefined) ?? state.userDataIds[architecture];
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

/**
 * Returns the first of the slot's types for which some subnet may still have capacity: Keelson tries all subnets with one type before the
 * next.
 */
function nextPlace(cluster: Cluster, wanted: WantedSlot, slot: Slot): Place | null {
  for (const type of typesOfSlot(wanted)) {
    const subnet = nextSubnet(cluster, wanted, slot, type);
    if (subnet !== undefined) return { type, subnetId: subnet.id, zone: subnet.zone };
  }
  return null;
}

/**
 * Returns the subnets in the order of trial: spread over slots by their index, without those that had no capacity, that lack the type or
 * that the pool does not name. Subnets in which an earlier instance of the slot was unreachable come last, and before them others of the
 * same zones.
 */
function nextSubnet(
  cluster: Cluster,
  wanted: WantedSlot,
  slot: Slot,
  type: string,
): LaunchConfig['subnets'][number] | undefined {
  const launchConfig = launchConfigOf(cluster);
  const offered = launchConfig.instanceTypes[type]?.zones ?? [];
  const bound = zoneOfKept(wanted.volumes, cluster.state.dataVolumes?.[wanted.name]);
  const zones = offered.filter(
    (zone) => (wanted.zones === null || wanted.zones.includes(zone)) && (bound === null || zone === bound),
  );
  const fitting = launchConfig.subnets.filter((subnet) => zones.includes(subnet.zone));
  const index = Number(wanted.name.slice(wanted.name.lastIndexOf('-') + 1));
  const muteZones = fitting.filter(({ id }) => slot.unreachableSubnets.includes(id)).map(({ zone }) => zone);
  const lastness = ({ id, zone }: LaunchConfig['subnets'][number]): number =>
    slot.unreachableSubnets.includes(id) ? 2 : muteZones.includes(zone) ? 1 : 0;
  const ordered = [...fitting.slice(index % fitting.length), ...fitting.slice(0, index % fitting.length)]
    .filter(({ id }) => !slot.exhaustedSubnets.includes(exhaustedKey(type, id)))
    .sort((a, b) => lastness(a) - lastness(b));
  return ordered[0];
}

export function launchConfigOf(cluster: Cluster): LaunchConfig {
  const { launchConfig } = cluster.state;
  if (launchConfig === null)
    throw failure('unknown', 'LaunchConfigMissing', 'the launch config is not resolved', 'report this as a defect');
  return launchConfig;
}

/** The generation's instance is terminated: the slot's next launch is of the next generation. Where the launch goes is decided as before. */
function useUp({ state }: Cluster, { name, role, pool, generation, departing, lost, ...places }: Slot): void {
  const next = generation + 1;
  const nodeName = nodeNameOf(state.document.metadata.name, name, next);
  state.generations = { ...state.generations, [name]: next };
  const slot: Slot = {
    ...emptySlot({ name, role, pool }, next, nodeName),
    departing,
    ...(lost !== undefined && { lost }),
    exhaustedSubnets: places.exhaustedSubnets,
    unreachableSubnets: places.unreachableSubnets,
  };
  state.slots = { ...state.slots, [name]: slot };
}

const isCapacity = (error: unknown): boolean => classOf(error) === 'capacity';
