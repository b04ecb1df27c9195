import { CancellationScope } from '@temporalio/workflow';
import type { LaunchBatchInput } from '../../../activities/api.js';
import { isServerSlot } from '../../../model/ids.js';
import {
  batchName,
  divide,
  type LaunchBatch,
  LEAST_TOGETHER,
  MOST_TOGETHER,
  slotsOfBatch,
} from '../../../model/launch-batch.js';
import { recentLaunches } from '../../../model/launch-limit.js';
import type { InstanceObservation } from '../../../model/observation.js';
import type { Step } from '../../../model/plan/index.js';
import { launched } from '../../../model/state/transitions.js';
import type { ErrorClass, LaunchRequest, Slot } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { classOf, detailOf, failure } from '../../lib/errors.js';
import { apply } from '../apply.js';
import {
  type Cluster,
  callContext,
  type Launched,
  type LaunchesTogether,
  now,
  stepLabel,
  waitingSince,
} from '../context.js';
import { nodeInstanceOf } from '../observe/node-instance.js';

interface Arrival {
  slot: Slot;
  request: LaunchRequest;
  /** It was never sent: it may still become part of a batch. */
  fresh: boolean;
  resolve: (launched: Launched) => void;
  reject: (error: unknown) => void;
}

/**
 * Launches of agents that have begun together. Each decides for itself what it asks for; when the last of them has, those that ask for the same are sent
 * by one call. What follows a refusal they decide one by one again, as a group of their own. A step that ends leaves, and no one waits for it.
 */
class LaunchGroup implements LaunchesTogether {
  private readonly arrived: Arrival[] = [];
  private readonly members: Set<string>;

  /** @param most instances of one call */
  constructor(
    private readonly cluster: Cluster,
    members: Iterable<string>,
    private most: number,
  ) {
    this.members = new Set(members);
  }

  launch(slot: Slot, request: LaunchRequest, fresh: boolean): Promise<Launched> {
    return new Promise((resolve, reject) => {
      this.arrived.push({ slot, request, fresh, resolve, reject });
      this.sendIfAll();
    });
  }

  leave(slot: string): void {
    this.members.delete(slot);
    this.sendIfAll();
  }

  halve({ count }: LaunchBatch): boolean {
    this.most = Math.min(this.most, Math.ceil(count / 2));
    return this.most < count;
  }

  private sendIfAll(): void {
    if (this.arrived.length === 0 || this.arrived.length < this.members.size) return;
    for (const { batch, arrivals } of callsOf(this.arrived.splice(0), this.most)) {
      const names = arrivals.map(({ slot }) => slot.name);
      const group = new LaunchGroup(this.cluster, names, this.most);
      for (const name of names) this.cluster.control.launching.set(name, group);
      void send(this.cluster, batch, arrivals);
    }
  }
}

/** Forms a group of the agents whose launches begin now, where they are so many that the calls would wait for each other. */
export function gatherLaunches(cluster: Cluster, beginning: readonly Step[]): void {
  if (beginning.some(({ kind }) => kind === 'launch'))
    cluster.state.launches = recentLaunches(cluster.state.launches, now());
  const names = beginning.flatMap(({ kind, slot }) => (kind === 'launch' && slot && !isServerSlot(slot) ? [slot] : []));
  if (names.length < LEAST_TOGETHER) return;
  const group = new LaunchGroup(cluster, names, MOST_TOGETHER);
  for (const name of names) cluster.control.launching.set(name, group);
}

/** Returns the group of the slot; a slot that is launched alone is one for itself. */
export const groupOf = (cluster: Cluster, slot: string): LaunchesTogether =>
  cluster.control.launching.get(slot) ?? new LaunchGroup(cluster, [slot], 1);

export function leaveGroup({ control }: Cluster, slot: string): void {
  control.launching.get(slot)?.leave(slot);
  control.launching.delete(slot);
}

interface Call {
  batch: LaunchBatch | null;
  arrivals: Arrival[];
}

/** Divides requests into calls. One that was sent before is repeated as it was: the instances may exist. */
function callsOf(arrivals: readonly Arrival[], most: number): Call[] {
  const alike = new Map<string, Arrival[]>();
  for (const one of arrivals) {
    const key = keyOf(one);
    const same = alike.get(key);
    if (same === undefined) alike.set(key, [one]);
    else same.push(one);
  }
  return [...alike.values()].flatMap((same): Call[] => {
    const [first] = same;
    if (first === undefined) return [];
    const { slot, request, fresh } = first;
    if (!fresh || slot.pool === null) return [{ batch: request.batch ?? null, arrivals: same }];
    const bySlot = new Map(same.map((one) => [one.slot.name, one]));
    return divide(slot.pool, [...bySlot.keys()].map(indexOf), most).map((batch) => ({
      batch: batch.count > 1 ? batch : null,
      arrivals: slotsOfBatch(batch).flatMap((name) => bySlot.get(name) ?? []),
    }));
  });
}

const indexOf = (slot: string): number => Number(slot.slice(slot.lastIndexOf('-') + 1));

/** A volume that outlives its instance makes a slot unlike the others. */
function keyOf({ slot, request, fresh }: Arrival): string {
  const isAlone = fresh ? slot.pool === null || request.volumes?.some(({ keep }) => keep) : request.batch === undefined;
  return isAlone ? slot.name : JSON.stringify([fresh, slot.pool, slot.generation, request]);
}

async function send(cluster: Cluster, batch: LaunchBatch | null, arrivals: readonly Arrival[]): Promise<void> {
  try {
    // No one could delete an instance whose id is unknown.
    await CancellationScope.nonCancellable(async () => {
      if (batch !== null) await sendBatch(cluster, batch, arrivals);
      else for (const one of arrivals) await sendOne(cluster, one);
    });
  } catch (error) {
    for (const { reject } of arrivals) reject(error);
  }
}

/** What goes with each request. */
function shared(
  cluster: Cluster,
  { request, slot }: Arrival,
): Pick<LaunchBatchInput, 'launch' | 'userData' | 'tags' | 'generation'> {
  const userData = cluster.state.userData[request.userDataId];
  if (userData === undefined)
    throw failure(
      'unknown',
      'UserDataMissing',
      `user data ${request.userDataId} is not carried`,
      'report this as a defect',
    );
  const { batch: _, tags = {}, ...launch } = request;
  return { launch, userData, tags, generation: slot.generation };
}

const placeOf = ({ state }: Cluster, { instanceType, subnetId }: LaunchRequest): string =>
  `${instanceType} in ${state.launchConfig?.subnets.find(({ id }) => id === subnetId)?.zone ?? subnetId}`;

async function sendOne(cluster: Cluster, arrival: Arrival): Promise<void> {
  const { slot, request, resolve } = arrival;
  const view = await activities.launchInstance(
    `${slot.name}: launch ${placeOf(cluster, request)}${stepLabel(cluster, slot.name)}`,
    {
      ...callContext(cluster),
      ...shared(cluster, arrival),
      ...waitingSince(cluster),
      slot: slot.name,
      nodeName: slot.nodeName,
    },
  );
  resolve({ view, toTag: [] });
}

async function sendBatch(cluster: Cluster, batch: LaunchBatch, arrivals: readonly Arrival[]): Promise<void> {
  const [first] = arrivals;
  if (first === undefined) return;
  const { request } = first;
  const { generation } = first.slot;
  // The state has the batch before it is sent: a repetition asks for the same.
  for (const { slot } of arrivals) slot.launch = { ...request, batch };
  const slots = slotsOfBatch(batch);
  const views = await callOnce(cluster, { batch, generation }, arrivals, () =>
    activities.launchInstances(`${slots[0]} and ${batch.count - 1} more: launch ${placeOf(cluster, request)}`, {
      ...callContext(cluster),
      ...shared(cluster, first),
      ...waitingSince(cluster),
      batch,
      ...(!first.fresh && { repeated: true }),
    }),
  );
  const waiting = new Map(arrivals.map((one) => [one.slot.name, one]));
  let toTag = views.flatMap((view, index) =>
    view === null ? [] : [{ instanceId: view.id, slot: slots[index] ?? '', generation }],
  );
  for (const [index, name] of slots.entries()) {
    const view = views[index] ?? null;
    const arrival = waiting.get(name);
    if (arrival === undefined) takeOver(cluster, name, batch, generation, view);
    else if (view === null) arrival.reject(ended(name, generation));
    else {
      arrival.resolve({ view, toTag });
      toTag = [];
    }
  }
}

/**
 * Has one call of a batch under way at a time, whatever steps ask for it, and forgets the batch in all of its slots when it is refused: a slot that kept
 * it would launch the others' instances again.
 */
async function callOnce(
  cluster: Cluster,
  { batch, generation }: { batch: LaunchBatch; generation: number },
  arrivals: readonly Arrival[],
  call: () => Promise<(InstanceObservation | null)[]>,
): Promise<(InstanceObservation | null)[]> {
  const { batchCalls } = cluster.control;
  const key = `${batch.count} ${batchName(batch)} ${generation}`;
  const names = arrivals.map(({ slot }) => slot.name);
  const underWay = batchCalls.get(key);
  if (underWay !== undefined) {
    for (const name of names) underWay.waiting.add(name);
    return underWay.views;
  }
  const waiting = new Set(names);
  const views = call()
    .catch((error: unknown) => {
      if (isRefusal(error) || isGroupGone(error))
        for (const name of slotsOfBatch(batch)) {
          const slot = cluster.state.slots[name];
          // Those that wait do it themselves.
          if (slot && !waiting.has(name) && slot.instance === null && isOf(slot, batch, generation)) slot.launch = null;
        }
      throw error;
    })
    .finally(() => batchCalls.delete(key));
  batchCalls.set(key, { waiting, views });
  return views;
}

function isOf({ launch, generation: of }: Slot, batch: LaunchBatch, generation: number): boolean {
  const own = launch?.batch;
  return of === generation && own !== undefined && own.count === batch.count && batchName(own) === batchName(batch);
}

/** A slot whose own step does not run any more, after a launch without an answer, has its instance nevertheless. */
function takeOver(
  cluster: Cluster,
  name: string,
  batch: LaunchBatch,
  generation: number,
  view: InstanceObservation | null,
): void {
  const slot = cluster.state.slots[name];
  if (view === null || !slot?.launch || slot.instance !== null || !isOf(slot, batch, generation)) return;
  apply(cluster, slot, launched(nodeInstanceOf(view), slot.launch.securityGroupIds));
}

const ended = (slot: string, generation: number) =>
  failure(
    'conflict',
    'IdempotentInstanceTerminated',
    `${slot}: its instance of generation ${generation} has ended since it was launched`,
    'nothing; another one takes its place',
  );

const REFUSALS: readonly ErrorClass[] = ['capacity', 'quota', 'auth', 'invalid', 'conflict'];

/** Only a refusal is an answer: nothing was launched. */
export function isRefusal(error: unknown): boolean {
  const found = classOf(error);
  return found !== null && REFUSALS.includes(found);
}

export const isGroupGone = (error: unknown): boolean =>
  ['InvalidGroup.NotFound', 'InvalidGroupId.NotFound'].includes(detailOf(error)?.code ?? '');
