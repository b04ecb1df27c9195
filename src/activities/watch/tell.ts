import { messageOf } from '../../aws/error-code.js';
import { chunks } from '../../aws/pages.js';
import type { WatchReport } from '../../model/watch/report.js';
import type { ActivityContext } from '../attempt.js';
import type { LastingTroubles } from './lasting-troubles.js';
import type { ClusterObservation } from './observe-region.js';
import type { SnapshotDigests } from './snapshot-digests.js';
import type { WorkflowNotifier } from './workflow-notifier.js';

/** Signals under way at once. */
const AT_ONCE = 5;

/** Milliseconds between two of them at most, and of all pauses of a round together. */
interface Pace {
  longest: number;
  whole: number;
}

/**
 * Each signal costs Temporal a workflow task: those of dozens of clusters at once kept the requests of people waiting. What is told in a round is spread, also that of a region that has
 * lost a zone. [npm run bench -- thousands]
 */
const CHANGED: Pace = { longest: 200, whole: 3_000 };
/** A cluster that this watch sees for the first time is being made, and looks at itself at its end: its report may wait. Where a thousand are made, these are two of three signals. */
const FIRST_SEEN: Pace = { longest: 1_000, whole: 10_000 };

/**
 * Notifies the clusters whose snapshot differs from the round before, and those whose trouble lasts; last of all those that it sees for the first time. It remembers a snapshot only after its
 * report: a report that failed with a worker or server comes again, and so does one that is left for the next round.
 *
 * @param begun when the lists of this round were begun, ISO 8601
 * @param isHurried whether the next round is due at once: it tells those that are seen for the first time
 * @returns the clusters that were notified
 */
export async function tellChanges(
  attempt: Pick<ActivityContext, 'sleep' | 'log'>,
  workflowNotifier: Pick<WorkflowNotifier, 'reconcile'>,
  clusters: ReadonlyMap<string, ClusterObservation>,
  report: WatchReport,
  openClusters: () => Promise<string[]>,
  digests: SnapshotDigests,
  troubles: LastingTroubles,
  begun: string,
  isHurried: () => boolean = () => false,
): Promise<string[]> {
  const now = Date.parse(begun);
  const differs = differsFrom(digests);
  const changed = changedLives(clusters, digests, troubles, now);
  const gone = await goneLives(clusters, openClusters, digests);
  const isFirstSeen = ([life]: [string, ClusterObservation]): boolean => !digests.knows(life);
  const told: string[] = [];
  const tellThem = async (news: [string, ClusterObservation][], pace: Pace, leaves: () => boolean): Promise<void> => {
    const parts = chunks(news, AT_ONCE);
    for (const [index, part] of parts.entries()) {
      if (index > 0 && leaves()) return;
      if (index > 0) await attempt.sleep(Math.min(pace.longest, pace.whole / parts.length));
      const answers = await Promise.all(
        part.map(async (one) => {
          const isNew = differs(one);
          const answer = await tellOne(attempt, workflowNotifier, one, report, digests, begun);
          if (answer) troubles.note(one[0], one[1].regionReport, now, isNew);
          return answer;
        }),
      );
      told.push(...part.filter((_, at) => answers[at]).map(([, { cluster }]) => cluster));
    }
  };
  const firstSeen = changed.filter(isFirstSeen);
  await tellThem([...changed.filter((one) => !isFirstSeen(one)), ...gone], CHANGED, () => false);
  await tellThem(firstSeen, FIRST_SEEN, isHurried);
  return told;
}

/** Returns the names of the clusters that would be notified. */
export function changedClusters(
  clusters: ReadonlyMap<string, ClusterObservation>,
  digests: SnapshotDigests,
  troubles: LastingTroubles,
  now: number,
): string[] {
  const changed = changedLives(clusters, digests, troubles, now).map(([, { cluster }]) => cluster);
  const gone = digests.missing(clusters.keys()).flatMap((life) => (life === null ? [] : [emptyLife(life)[1].cluster]));
  return [...new Set([...changed, ...gone])];
}

const differsFrom =
  (digests: SnapshotDigests) =>
  ([life, { regionReport }]: [string, ClusterObservation]): boolean =>
    !isOnlyStarting(regionReport) && digests.differs(life, digestible(regionReport));

const changedLives = (
  clusters: ReadonlyMap<string, ClusterObservation>,
  digests: SnapshotDigests,
  troubles: LastingTroubles,
  now: number,
): [string, ClusterObservation][] =>
  [...clusters].filter((one) => differsFrom(digests)(one) || troubles.isDue(one[0], now));

async function tellOne(
  attempt: Pick<ActivityContext, 'log'>,
  workflowNotifier: Pick<WorkflowNotifier, 'reconcile'>,
  [life, { cluster, regionReport }]: [string, ClusterObservation],
  report: WatchReport,
  digests: SnapshotDigests,
  begun: string,
): Promise<boolean> {
  try {
    const reason = 'the region watch sees a change';
    const answer = await workflowNotifier.reconcile(cluster, reason, { ...regionReport, at: begun }, report);
    if (regionReport.seen.length === 0) digests.forget(life);
    else digests.take(life, digestible(regionReport));
    return answer === 'told';
  } catch (error) {
    attempt.log.warn('a cluster could not be told; it is tried again in the next round', {
      of: cluster,
      error: messageOf(error),
    });
    return false;
  }
}

/**
 * Notifies clusters that have no instance left. After the loss of a worker their names are known as hashes only; then Temporal lists the
 * clusters that exist, and those without an instance are notified.
 */
async function goneLives(
  clusters: ReadonlyMap<string, ClusterObservation>,
  openClusters: () => Promise<string[]>,
  digests: SnapshotDigests,
): Promise<[string, ClusterObservation][]> {
  const missing = digests.missing(clusters.keys());
  if (missing.length === 0) return [];
  const known = missing.flatMap((life) => (life === null ? [] : [emptyLife(life)]));
  if (known.length === missing.length) return known;
  const seen = new Set([...clusters.values()].map(({ cluster }) => cluster));
  const open = await openClusters();
  digests.retain(clusters.keys());
  return [...known, ...open.filter((cluster) => !seen.has(cluster)).map((cluster) => emptyLife(`${cluster}/`))];
}

/** Instances that start are part of no snapshot: each would cost a report more. */
const digestible = ({ starting: _, ...regionReport }: ClusterObservation['regionReport']): string =>
  JSON.stringify(regionReport);

/** Nothing of it runs yet, and it is not gone. */
const isOnlyStarting = ({ seen, starting = [] }: ClusterObservation['regionReport']): boolean =>
  seen.length === 0 && starting.length > 0;

const emptyLife = (life: string): [string, ClusterObservation] => {
  const [cluster = '', uid = ''] = life.split('/');
  return [life, { cluster, regionReport: { uid, whole: true, seen: [] } }];
};
