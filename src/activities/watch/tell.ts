import { messageOf } from '../../aws/error-code.js';
import { chunks } from '../../aws/pages.js';
import type { WatchReport } from '../../model/watch/report.js';
import type { Attempt } from '../attempt.js';
import type { ClusterSight } from './look-at-region.js';
import type { Messenger } from './messenger.js';
import type { Pictures } from './pictures.js';

/** Signals under way at once: a region that has lost a zone has hundreds of clusters to tell. */
const AT_ONCE = 20;

/**
 * Tells the clusters whose picture is another than in the round before. A picture is taken over when it was told: what a lost worker or
 * server has kept from being told comes again.
 *
 * @param begun when the lists of this round were begun, ISO 8601
 * @returns the clusters that were told
 */
export async function tellChanges(
  attempt: Attempt,
  messenger: Pick<Messenger, 'look'>,
  clusters: ReadonlyMap<string, ClusterSight>,
  report: WatchReport,
  openClusters: () => Promise<string[]>,
  pictures: Pictures,
  begun: string,
): Promise<string[]> {
  const changed = [...clusters].filter(([life, { sight: seen }]) => pictures.differs(life, JSON.stringify(seen)));
  const gone = await goneLives(clusters, openClusters, pictures);
  const news = [...changed, ...gone];
  const told: string[] = [];
  for (const part of chunks(news, AT_ONCE)) {
    const answers = await Promise.all(part.map((one) => tellOne(attempt, messenger, one, report, pictures, begun)));
    told.push(...part.filter((_, index) => answers[index]).map(([, { cluster }]) => cluster));
  }
  return told;
}

async function tellOne(
  attempt: Attempt,
  messenger: Pick<Messenger, 'look'>,
  [life, { cluster, sight }]: [string, ClusterSight],
  report: WatchReport,
  pictures: Pictures,
  begun: string,
): Promise<boolean> {
  try {
    const reason = 'the region watch sees a change';
    const answer = await messenger.look(cluster, reason, { ...sight, at: begun }, report);
    if (sight.seen.length === 0) pictures.forget(life);
    else pictures.take(life, JSON.stringify(sight));
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
 * Clusters that have no instance left. After a worker was lost their names are known as hashes only; then Temporal is asked which
 * clusters there are, and those that have no instance are told so.
 */
async function goneLives(
  clusters: ReadonlyMap<string, ClusterSight>,
  openClusters: () => Promise<string[]>,
  pictures: Pictures,
): Promise<[string, ClusterSight][]> {
  const missing = pictures.missing(clusters.keys());
  if (missing.length === 0) return [];
  const known = missing.flatMap((life) => (life === null ? [] : [emptyLife(life)]));
  if (known.length === missing.length) return known;
  const seen = new Set([...clusters.values()].map(({ cluster }) => cluster));
  const open = await openClusters();
  pictures.retain(clusters.keys());
  return [...known, ...open.filter((cluster) => !seen.has(cluster)).map((cluster) => emptyLife(`${cluster}/`))];
}

const emptyLife = (life: string): [string, ClusterSight] => {
  const [cluster = '', uid = ''] = life.split('/');
  return [life, { cluster, sight: { uid, whole: true, seen: [] } }];
};
