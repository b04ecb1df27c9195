import { messageOf } from '../../aws/error-code.js';
import { chunks } from '../../aws/pages.js';
import { failuresKey } from '../../model/observation-failure.js';
import type { WatchPlace } from '../../model/watch/place.js';
import type { WatchReport } from '../../model/watch/report.js';
import type { Attempt } from '../attempt.js';
import type { Messenger } from './messenger.js';

/** Signals under way at once, as for what is seen. */
const AT_ONCE = 20;

/**
 * Tells all clusters of a region what the watch cannot see: once when that changes, and once when it sees again. What could not be told, and a
 * cluster that is new while something is not seen, is told in the next round.
 */
export class Reports {
  /** What each cluster was told by this attempt. */
  readonly #told = new Map<string, string>();
  /** What clusters of which this attempt knows nothing were told; null when that is not known either. */
  #before: string | null;
  #current = '';
  /** Whether all were told what is current. */
  #isDone = false;

  constructor(
    private readonly attempt: Attempt,
    private readonly messenger: Pick<Messenger, 'report' | 'openClusters'>,
    private readonly place: WatchPlace,
    before: string | null,
  ) {
    this.#before = before;
  }

  /** What a later attempt has to know: what the clusters were told, or null while some were not. */
  get told(): string | null {
    return this.#isDone ? this.#current : null;
  }

  /** The cluster has heard of it in another way. */
  heard(cluster: string, report: WatchReport): void {
    this.#told.set(cluster, failuresKey(report.failures));
  }

  /** @returns how many were told. @throws what keeps Temporal from listing the clusters */
  async tell(report: WatchReport): Promise<number> {
    const key = failuresKey(report.failures);
    if (key !== this.#current) this.#isDone = false;
    this.#current = key;
    // A cluster that is new expects to be observed: while it is, there is nothing to tell it.
    if (key === '' && (this.#isDone || (this.#before === '' && [...this.#told.values()].every((one) => one === '')))) {
      this.#isDone = true;
      return 0;
    }
    const open = await this.messenger.openClusters(this.place);
    const news = open.filter((cluster) => (this.#told.get(cluster) ?? (key === '' ? this.#before : null)) !== key);
    let told = 0;
    for (const part of chunks(news, AT_ONCE)) {
      const answers = await Promise.all(part.map((cluster) => this.#tellOne(cluster, report)));
      told += answers.filter(Boolean).length;
    }
    this.#isDone = told === news.length;
    if (this.#isDone && key === '') {
      this.#before = '';
      this.#told.clear();
    }
    return told;
  }

  async #tellOne(cluster: string, report: WatchReport): Promise<boolean> {
    try {
      await this.messenger.report(cluster, report);
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
