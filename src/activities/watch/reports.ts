import { messageOf } from '../../aws/error-code.js';
import { chunks } from '../../aws/pages.js';
import { failuresKey } from '../../model/observation-failure.js';
import type { WatchPlace } from '../../model/watch/place.js';
import type { WatchReport } from '../../model/watch/report.js';
import type { ActivityContext } from '../attempt.js';
import type { WorkflowNotifier } from './workflow-notifier.js';

/** Signals under way at once. What cannot be observed is to be known within a minute, by thousands. */
const AT_ONCE = 20;
/**
 * Clusters a round to which an earlier watch may have reported a failure, and to which it is reported now that there is none. Those with instances hear it with their snapshot; the others have nothing to be
 * observed, and a thousand of them at once kept the requests of all others waiting for seconds. [npm run bench -- thousands]
 */
const UNSURE_A_ROUND = 20;

/**
 * Notifies all clusters of a region of what the watch cannot observe: once when that changes, and once when it is over. A failed
 * notification, or a new cluster, gets its turn in the next round, and so do most of those of which no one knows whether there is anything to be told.
 */
export class Reports {
  /** What this attempt has notified each cluster of. */
  readonly #told = new Map<string, string>();
  /** What clusters that this attempt does not know were notified of; null when that is unknown, too. */
  #before: string | null;
  #current = '';
  /** Whether all clusters know the current state. */
  #isDone = false;
  /** Whom the last round has left for the next ones, while they are to be told that nothing fails; null before the clusters are listed. */
  #left: readonly string[] | null = null;

  constructor(
    private readonly attempt: ActivityContext,
    private readonly workflowNotifier: Pick<WorkflowNotifier, 'report' | 'openClusters'>,
    private readonly place: WatchPlace,
    before: string | null,
  ) {
    this.#before = before;
  }

  /** Returns the memory for a later attempt: what the clusters were notified of, or null if some were not. */
  get told(): string | null {
    return this.#isDone ? this.#current : null;
  }

  /** The cluster has learned of it in another way. */
  heard(cluster: string, report: WatchReport): void {
    this.#told.set(cluster, failuresKey(report.failures));
  }

  /** @returns how many were notified. @throws what keeps Temporal from listing the clusters */
  async tell(report: WatchReport): Promise<number> {
    const key = failuresKey(report.failures);
    if (key !== this.#current) this.#isDone = false;
    this.#current = key;
    // A new cluster expects to be observed: while it is, there is no need to notify it.
    if (key === '' && (this.#isDone || (this.#before === '' && [...this.#told.values()].every((one) => one === '')))) {
      this.#isDone = true;
      return 0;
    }
    const news = (await this.#clusters(key)).filter((cluster) => this.#knows(cluster, key) !== key);
    const isUnsure = (cluster: string): boolean => key === '' && this.#knows(cluster, key) === null;
    const first = new Set(news.filter(isUnsure).slice(0, UNSURE_A_ROUND));
    const now = news.filter((cluster) => !isUnsure(cluster) || first.has(cluster));
    let told = 0;
    for (const part of chunks(now, AT_ONCE)) {
      const answers = await Promise.all(part.map((cluster) => this.#tellOne(cluster, report)));
      told += answers.filter(Boolean).length;
    }
    this.#left = key === '' ? news : null;
    this.#isDone = told === news.length;
    if (this.#isDone && key === '') {
      this.#before = '';
      this.#told.clear();
    }
    return told;
  }

  /** A list of thousands takes Temporal seconds: one is enough for all rounds that tell that nothing fails any more, and who comes later knows nothing else. */
  async #clusters(key: string): Promise<readonly string[]> {
    return (key === '' ? this.#left : null) ?? (await this.workflowNotifier.openClusters(this.place));
  }

  /** What the cluster was told last; null if no one knows. */
  #knows(cluster: string, key: string): string | null {
    return this.#told.get(cluster) ?? (key === '' ? this.#before : null);
  }

  async #tellOne(cluster: string, report: WatchReport): Promise<boolean> {
    try {
      await this.workflowNotifier.report(cluster, report);
      this.heard(cluster, report);
      return true;
    } catch (error) {
      const fields = { of: cluster, error: messageOf(error) };
      this.attempt.log.warn(
        'a cluster could not be told what the watch cannot see; the next round tries again',
        fields,
      );
      return false;
    }
  }
}
