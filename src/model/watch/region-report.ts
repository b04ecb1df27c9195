import { confirmedFinding, type FindingKind } from '../health/findings.js';
import { type InstanceStateName, STATUS_CHECKS } from '../observation.js';
import { rulesDigest } from '../security-groups/keys.js';
import { groupsKey } from '../security-groups/of-instance.js';
import { GROUP_ROLES } from '../security-groups/rules.js';
import type { RegionReport, ReportedInstance } from '../state/region-report.js';
import type { ClusterState, Slot } from '../state.js';

export type { RegionReport, ReportedInstance } from '../state/region-report.js';

/** Combines two reports: a whole one replaces the earlier one, a partial one is laid over it. */
export function mergeReports(before: RegionReport | null, next: RegionReport): RegionReport {
  if (before === null || next.whole || before.uid !== next.uid) return next;
  const ids = new Set(next.seen.map((one) => one.id));
  return { ...before, seen: [...before.seen.filter((one) => !ids.has(one.id)), ...next.seen] };
}

/**
 * Returns the differences between a report and what the cluster knows, in words. None means that no observation is needed: the cluster's
 * own changes show up outside a little later, and must not wake it.
 */
export function differencesOf(state: ClusterState, regionReport: RegionReport): string[] {
  if (isOfAnotherLife(state, regionReport) || state.desiredState === 'deleted') return [];
  const slots = new Map(
    Object.values(state.slots).flatMap((slot) => (slot.instance ? [[slot.instance.id, slot]] : [])),
  );
  const ids = new Set([...regionReport.seen.map((one) => one.id), ...(regionReport.starting ?? [])]);
  const missing = regionReport.whole ? [...slots].filter(([id]) => !ids.has(id)) : [];
  return [
    ...regionReport.seen.flatMap((one) => surprisesIn(state, one, slots.get(one.id), regionReport)),
    ...missing.map(([id, slot]) => `${slot.name}: ${id} is gone`),
    ...groupSurprises(state, regionReport),
  ];
}

/** Compares the groups that the cluster has recorded; others do not belong to it, whatever tags they carry. */
function groupSurprises({ securityGroups: own }: ClusterState, { groups }: RegionReport): string[] {
  if (own === null || groups === undefined) return [];
  return GROUP_ROLES.flatMap((role) => {
    const group = own[role];
    if (group === null) return [];
    const { id, rules } = group;
    const digest = groups[id];
    if (digest === undefined) return [`${id} is gone`];
    return rules === null || digest !== rulesDigest(rules) ? [`the rules of ${id} have changed`] : [];
  });
}

/** A report about another cluster of the name: `keelson orphans` shows those. */
const isOfAnotherLife = (state: ClusterState, regionReport: RegionReport): boolean =>
  regionReport.uid !== '' && regionReport.uid !== state.uid;

function surprisesIn(
  state: ClusterState,
  one: ReportedInstance,
  slot: Slot | undefined,
  { whole, at }: Pick<RegionReport, 'whole' | 'at'>,
): string[] {
  const power = POWER[one.state];
  if (slot?.instance == null) return power === 'gone' ? [] : [`${one.id} is of no slot`];
  const what = (text: string): string => `${slot.name}: ${one.id} ${text}`;
  if (power !== slot.instance.power) return [what(`is ${one.state}`)];
  const surprises: string[] = [];
  if (one.type !== undefined && one.type !== slot.instance.type) surprises.push(what(`is of type ${one.type}`));
  if (areGroupsChanged(one, slot, at)) surprises.push(what(`is in the groups ${one.groups}`));
  // Scheduled observations repeat what counts already.
  const isKnown = (kind: FindingKind): boolean => confirmedFinding(state, slot.name, kind) !== null;
  const failing = (one.failedChecks ?? []).filter((check) => !isKnown(`${check}-check`));
  if (failing.length > 0) surprises.push(what(`fails its ${failing.join(' and ')} status check`));
  if (one.agentLost && slot.agentOnline && !isKnown('agent')) surprises.push(what('has lost its SSM agent'));
  // The end of a problem is worth an observation as well: a repair may be waiting for it. An event alone says nothing about checks and
  // agents.
  const isOver = (kind: FindingKind): boolean =>
    whole && confirmedFinding(state, slot.name, kind)?.pendingSince === null;
  for (const check of STATUS_CHECKS)
    if (!one.failedChecks?.includes(check) && check !== 'volume' && isOver(`${check}-check`))
      surprises.push(what(`passes its ${check} status check again`));
  if (!one.agentLost && isOver('agent')) surprises.push(what('has its SSM agent again'));
  if (one.k3s !== undefined && slot.joined && slot.service === 'running') surprises.push(what(`says ${one.k3s}`));
  return surprises;
}

/** A list that was begun before Keelson set the groups says nothing about them. */
function areGroupsChanged({ groups }: ReportedInstance, slot: Slot, at: string | undefined): boolean {
  if (groups === undefined || groups === groupsKey(slot.groups ?? [])) return false;
  const setAt = slot.givenGroups?.at;
  return at === undefined || setAt === undefined || Date.parse(at) >= Date.parse(setAt);
}

/**
 * How long before the list an instance may have been launched and still be missing in it: clocks differ, and EC2 is late. [docs: EC2,
 * eventual consistency]
 */
const NEW_MS = 10_000;

/** An instance that someone else took down. */
export interface Loss {
  slot: string;
  /** In words. */
  text: string;
}

/**
 * Returns the instances that an operation counts on and that someone else took down: steps wait for them without end. It leaves out slots
 * on which a step is at work, because that step may have taken them down.
 *
 * @param regionReport all that was reported since the last observation
 * @param latest what was reported last: an older `stopped` is from before Keelson started the instance
 */
export function lossesOf(
  state: ClusterState,
  regionReport: RegionReport,
  busy: ReadonlySet<string>,
  latest: Pick<RegionReport, 'at' | 'seen'> = regionReport,
): Loss[] {
  if (state.desiredState !== 'running' || isOfAnotherLife(state, regionReport)) return [];
  const seen = new Map(regionReport.seen.map((one) => [one.id, one.state]));
  const starting = new Set(regionReport.starting);
  const started = startsOf(state);
  return Object.values(state.slots).flatMap(({ name, instance }) => {
    if (busy.has(name) || instance?.power !== 'running') return [];
    const at = seen.get(instance.id);
    if (at === undefined) {
      // An event tells of one instance, and nothing of the others.
      if (!regionReport.whole || starting.has(instance.id)) return [];
      const since = Math.max(Date.parse(instance.launchedAt), started.get(name) ?? 0);
      const isNew = regionReport.at !== undefined && since > Date.parse(regionReport.at) - NEW_MS;
      return isNew ? [] : [{ slot: name, text: `${name}: ${instance.id} is gone` }];
    }
    if (POWER[at] === 'stopped') {
      const isEarlier = latest.at !== undefined && (started.get(name) ?? 0) > Date.parse(latest.at);
      if (isEarlier || !latest.seen.some((one) => one.id === instance.id)) return [];
    }
    return POWER[at] === 'running' ? [] : [{ slot: name, text: `${name}: ${instance.id} is ${at}` }];
  });
}

/** Returns when the operation under way last started the instances of slots, in milliseconds since 1970; nothing of those that it did not start. */
function startsOf({ operation }: ClusterState): ReadonlyMap<string | null, number> {
  const starts = new Map<string | null, number>();
  for (const { kind, slot, startedAt, endedAt } of operation?.steps ?? [])
    if (kind === 'start-instance') starts.set(slot, Date.parse(endedAt ?? startedAt));
  return starts;
}

/** Returns the slots whose instance has ended, while EC2 still gives the reason. */
export function endedIn({ slots }: ClusterState, regionReport: RegionReport): Set<string> {
  const ended = new Set(regionReport.seen.filter((one) => POWER[one.state] === 'gone').map((one) => one.id));
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

/** Returns a report from a signal's payload, which anyone may have sent; null if there is none. */
export function readRegionReport(payload: unknown): RegionReport | null {
  if (!isRecord(payload) || !isRecord(payload['regionReport'])) return null;
  const { uid, whole, at, seen, starting, groups } = payload['regionReport'];
  if (typeof uid !== 'string' || !Array.isArray(seen)) return null;
  const isTime = typeof at === 'string' && !Number.isNaN(Date.parse(at));
  const read = {
    uid,
    whole: whole === true,
    ...(isTime && { at }),
    seen: seen.filter(isReportedInstance),
    ...(Array.isArray(starting) && { starting: starting.filter((one) => typeof one === 'string') }),
  };
  return isRecord(groups) ? { ...read, groups: stringsOf(groups) } : read;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isReportedInstance = (value: unknown): value is ReportedInstance =>
  isRecord(value) &&
  typeof value['id'] === 'string' &&
  typeof value['state'] === 'string' &&
  value['state'] in POWER &&
  (value['groups'] === undefined || typeof value['groups'] === 'string') &&
  (value['failedChecks'] === undefined || Array.isArray(value['failedChecks']));
const stringsOf = (record: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
