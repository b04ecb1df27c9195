import { believed, type FindingKind } from '../care/findings.js';
import { type InstanceStateName, STATUS_CHECKS, type StatusCheck } from '../observation.js';
import { rulesDigest } from '../security-groups/keys.js';
import { GROUP_ROLES } from '../security-groups/rules.js';
import type { ClusterState, Slot } from '../state.js';

/** What someone who looks at a whole region saw of one instance. What is left out was not looked at, or is as it should be. */
export interface Sighting {
  id: string;
  state: InstanceStateName;
  type?: string;
  /** Status checks of EC2 that fail, of the host and of the operating system. */
  failedChecks?: StatusCheck[];
  /** SSM has lost the agent. */
  agentLost?: true;
  /** What the server says is wrong with its K3s, e.g. `service=failed`. */
  k3s?: string;
}

/** What was seen of one life of a cluster; comes with the signal `look`. */
export interface Sight {
  /** Empty for whatever life there is. */
  uid: string;
  /** All its instances are listed: one that is missing is gone, unless it is newer than the list. */
  whole: boolean;
  /** When the list was begun, ISO 8601; left out where an instance that is missing is gone for certain. */
  at?: string;
  seen: Sighting[];
  /** Digests of the rules of all security groups with its tags, by id; left out where they were not looked at. */
  groups?: Record<string, string>;
}

/** Both, as if seen at once: a whole sight replaces what came before, a partial one is laid over it. */
export function mergeSights(before: Sight | null, next: Sight): Sight {
  if (before === null || next.whole || before.uid !== next.uid) return next;
  const ids = new Set(next.seen.map((one) => one.id));
  return { ...before, seen: [...before.seen.filter((one) => !ids.has(one.id)), ...next.seen] };
}

/**
 * In what the sight differs from what the cluster knows, in words. Nothing, and no one needs to look: what the cluster itself has
 * done is seen from outside a little later, and must not wake it for that.
 */
export function surprisesOf(state: ClusterState, sight: Sight): string[] {
  if (isOfAnotherLife(state, sight) || state.wish === 'deleted') return [];
  const slots = new Map(
    Object.values(state.slots).flatMap((slot) => (slot.instance ? [[slot.instance.id, slot]] : [])),
  );
  const ids = new Set(sight.seen.map((one) => one.id));
  const missing = sight.whole ? [...slots].filter(([id]) => !ids.has(id)) : [];
  return [
    ...sight.seen.flatMap((one) => surprisesIn(state, one, slots.get(one.id), sight.whole)),
    ...missing.map(([id, slot]) => `${slot.name}: ${id} is gone`),
    ...groupSurprises(state, sight),
  ];
}

/** Of the groups that the cluster has recorded; others are not its own, whatever tags they carry. */
function groupSurprises({ securityGroups: own }: ClusterState, { groups }: Sight): string[] {
  if (own === null || groups === undefined) return [];
  return GROUP_ROLES.flatMap((role) => {
    const { id, rules } = own[role];
    const digest = groups[id];
    if (digest === undefined) return [`${id} is gone`];
    return rules === null || digest !== rulesDigest(rules) ? [`the rules of ${id} have changed`] : [];
  });
}

/** Of another life of the name: `keelson orphans` tells of those. */
const isOfAnotherLife = (state: ClusterState, sight: Sight): boolean => sight.uid !== '' && sight.uid !== state.uid;

function surprisesIn(state: ClusterState, one: Sighting, slot: Slot | undefined, whole: boolean): string[] {
  const power = POWER[one.state];
  if (slot?.instance == null) return power === 'gone' ? [] : [`${one.id} is of no slot`];
  const what = (text: string): string => `${slot.name}: ${one.id} ${text}`;
  if (power !== slot.instance.power) return [what(`is ${one.state}`)];
  const surprises: string[] = [];
  if (one.type !== undefined && one.type !== slot.instance.type) surprises.push(what(`is of type ${one.type}`));
  // What counts already is looked at again by and by.
  const isKnown = (kind: FindingKind): boolean => believed(state, slot.name, kind) !== null;
  const failing = (one.failedChecks ?? []).filter((check) => !isKnown(`${check}-check`));
  if (failing.length > 0) surprises.push(what(`fails its ${failing.join(' and ')} status check`));
  if (one.agentLost && slot.agentOnline && !isKnown('agent')) surprises.push(what('has lost its SSM agent'));
  // What is over is worth a look as well: a repair may be waiting for it. An event alone tells nothing of checks and agents.
  const isOver = (kind: FindingKind): boolean => whole && believed(state, slot.name, kind)?.doubtedAt === null;
  for (const check of STATUS_CHECKS)
    if (!one.failedChecks?.includes(check) && check !== 'volume' && isOver(`${check}-check`))
      surprises.push(what(`passes its ${check} status check again`));
  if (!one.agentLost && isOver('agent')) surprises.push(what('has its SSM agent again'));
  if (one.k3s !== undefined && slot.joined && slot.service === 'running') surprises.push(what(`says ${one.k3s}`));
  return surprises;
}

/** So long before the list an instance may have been launched and not be in it yet: clocks differ, and EC2 is late. [docs: EC2, eventual consistency] */
const NEW_MS = 10_000;

/** An instance that someone else took down. */
export interface Loss {
  slot: string;
  /** In words. */
  text: string;
}

/**
 * Instances that an operation counts on and that someone else took down: what waits for them waits in vain. Slots on which a step is at
 * work are left out, for it may be that step's doing.
 */
export function lossesOf(state: ClusterState, sight: Sight, busy: ReadonlySet<string>): Loss[] {
  if (state.wish !== 'running' || isOfAnotherLife(state, sight)) return [];
  const seen = new Map(sight.seen.map((one) => [one.id, one.state]));
  return Object.values(state.slots).flatMap(({ name, instance }) => {
    if (busy.has(name) || instance?.power !== 'running') return [];
    const at = seen.get(instance.id);
    if (at === undefined) {
      const isNew = sight.at !== undefined && Date.parse(instance.launchedAt) > Date.parse(sight.at) - NEW_MS;
      return sight.whole && !isNew ? [{ slot: name, text: `${name}: ${instance.id} is gone` }] : [];
    }
    return POWER[at] === 'running' ? [] : [{ slot: name, text: `${name}: ${instance.id} is ${at}` }];
  });
}

/** Slots whose instance has ended, of which EC2 still tells why. */
export function endedIn({ slots }: ClusterState, sight: Sight): Set<string> {
  const ended = new Set(sight.seen.filter((one) => POWER[one.state] === 'gone').map((one) => one.id));
  return new Set(Object.values(slots).flatMap(({ name, instance }) => (ended.has(instance?.id ?? '') ? [name] : [])));
}

const POWER: Record<InstanceStateName, 'running' | 'stopped' | 'gone'> = {
  pending: 'running',
  running: 'running',
  stopping: 'stopped',
  stopped: 'stopped',
  'shutting-down': 'gone',
  terminated: 'gone',
};

/** A sight out of a signal's payload, which anybody may have sent; null where there is none. */
export function readSight(payload: unknown): Sight | null {
  if (!isRecord(payload) || !isRecord(payload['sight'])) return null;
  const { uid, whole, at, seen, groups } = payload['sight'];
  if (typeof uid !== 'string' || !Array.isArray(seen)) return null;
  const isTime = typeof at === 'string' && !Number.isNaN(Date.parse(at));
  const read = { uid, whole: whole === true, ...(isTime && { at }), seen: seen.filter(isSighting) };
  return isRecord(groups) ? { ...read, groups: stringsOf(groups) } : read;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isSighting = (value: unknown): value is Sighting =>
  isRecord(value) &&
  typeof value['id'] === 'string' &&
  typeof value['state'] === 'string' &&
  value['state'] in POWER &&
  (value['failedChecks'] === undefined || Array.isArray(value['failedChecks']));
const stringsOf = (record: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
