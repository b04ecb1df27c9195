import type { RegionReport } from '../../model/watch/region-report.js';

/** A health probe runs twice a minute: sooner it has nothing new to say. */
const FIRST_MS = 30_000;
/** As often as the cluster itself observes a node that is not healthy. */
const LONGEST_MS = 15 * 60_000;

/**
 * Problems that nodes keep reporting about themselves. A cluster cannot tell the watch that it has repaired one: if it comes back before
 * the next probe, the watch sees what it has reported already. So it reports again, after half a minute, a minute, two, at last every
 * quarter of an hour.
 */
export class LastingTroubles {
  readonly #told = new Map<string, { at: number; waitMs: number }>();

  /** Returns whether it was reported long enough ago to be reported again. */
  isDue(life: string, now: number): boolean {
    const told = this.#told.get(life);
    return told !== undefined && now - told.at >= told.waitMs;
  }

  /**
   * Notes that the report was sent.
   *
   * @param isNew it differs from the one before
   */
  note(life: string, { seen }: RegionReport, now: number, isNew: boolean): void {
    const before = this.#told.get(life);
    if (seen.every(({ k3s }) => k3s === undefined)) this.#told.delete(life);
    else
      this.#told.set(life, {
        at: now,
        waitMs: isNew || before === undefined ? FIRST_MS : Math.min(LONGEST_MS, before.waitMs * 2),
      });
  }
}
