import { messageOf } from '../../aws/error-code.js';
import { detailOf, toFailure } from '../../aws/failure.js';
import { SUBJECTS, type Subject } from '../../model/observation-failure.js';
import { afterRound, type Round, SEES_ALL } from '../../model/watch/blindness.js';
import { type Effort, nextInterval, SHORTEST_MS } from '../../model/watch/cadence.js';
import type { WatchReport } from '../../model/watch/report.js';
import type { WatchSummary } from '../../model/watch/summary.js';
import type { WatchInput, WatchResult } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { retryOnce } from '../retry-once.js';
import { BucketProbe } from './bucket-probe.js';
import { HealthProbe } from './health-probe.js';
import { LastingTroubles } from './lasting-troubles.js';
import { regionObserved } from './metrics.js';
import { type ClusterObservation, observeRegion, RegionMemory, type RegionObservation } from './observe-region.js';
import { Reports } from './reports.js';
import { SnapshotDigests } from './snapshot-digests.js';
import { changedClusters, tellChanges } from './tell.js';

/** Then the workflow asks again: a history with one activity an hour stays small for weeks. */
const LASTS_MS = 60 * 60 * 1_000;
/** Rounds in a row without any instance, before Temporal is asked whether a cluster is left. */
const EMPTY_ROUNDS = 3;
/** Between two checks whether the next health probe is due. */
const TICK_MS = 2_000;

/** Content of each heartbeat, for the attempt that continues after the loss of a worker. */
interface Carried {
  digests: string;
  told: string | null;
  /** For people. */
  saw: WatchSummary;
}

/**
 * Observes all managed instances of a region, round after round, and notifies each cluster whose snapshot has changed, and all of them of
 * what it cannot observe. It continues whatever AWS answers, and retries a failed round a little later. Only the end of the attempt ends
 * it.
 *
 * @returns after an hour, or when no cluster of the region is left
 */
export async function watchRegion(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: WatchInput,
): Promise<WatchResult> {
  const probe = new HealthProbe(deps.clients.ssm(input.region), deps.installation, attempt, () => watch.wake());
  const watch = new Watch(deps, attempt, input, probe, new BucketProbe(deps.bucket, attempt));
  void keepProbing(attempt, probe, watch);
  try {
    return await watch.go();
  } finally {
    watch.over = true;
  }
}

class Watch {
  over = false;
  readonly #memory = new RegionMemory();
  readonly #pictures: SnapshotDigests;
  readonly #troubles = new LastingTroubles();
  readonly #reports: Reports;
  #blindness = SEES_ALL;
  #interval = SHORTEST_MS;
  #empty = 0;
  #isAnnounced = false;
  readonly #saw: WatchSummary;
  #wake: () => void = () => undefined;
  #isWoken = false;

  constructor(
    private readonly deps: ActivityDeps,
    private readonly attempt: ActivityContext,
    private readonly input: WatchInput,
    private readonly probe: HealthProbe,
    private readonly bucket: BucketProbe,
  ) {
    const carried = (attempt.resumed as Carried | undefined) ?? input;
    const at = new Date().toISOString();
    this.#saw = { since: at, at, instances: 0, clusters: 0, unhealthy: 0, rounds: 0, calls: 0, signals: 0 };
    this.#pictures = new SnapshotDigests(carried.digests);
    this.#reports = new Reports(attempt, deps.workflowNotifier, input, carried.told);
  }

  /** The servers say something new: the next round is now. */
  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  async go(): Promise<WatchResult> {
    do {
      // A clock that no one sets: where the time of day is set back, the next round would be as much later.
      const began = performance.now();
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#isWoken = false;
      const effort = { calls: 1, ms: 0, throttled: false, listMs: 0, pausedMs: 0 };
      try {
        if (await this.#round(effort)) return { ended: 'empty', ...this.#carried() };
      } catch (error) {
        if (this.attempt.signal.aborted) throw this.attempt.signal.reason;
        this.attempt.log.warn('a round of the region watch has failed', { error: messageOf(error) });
      }
      const ms = performance.now() - began;
      // The long lists have a ration of their own, and a pause costs nothing.
      effort.ms = ms - effort.listMs - effort.pausedMs;
      this.#interval = nextInterval(this.#interval, effort);
      await Promise.race([this.attempt.sleep(Math.max(1_000, this.#interval - ms)), woken]);
    } while (this.attempt.age() < LASTS_MS);
    return { ended: 'time', ...this.#carried() };
  }

  #carried(): Carried {
    return { digests: this.#pictures.pack(), told: this.#reports.told, saw: this.#saw };
  }

  /** @returns whether no cluster of the region is left */
  async #round(effort: Effort & { listMs: number; pausedMs: number }): Promise<boolean> {
    const { attempt, input, probe } = this;
    const { workflowNotifier } = this.deps;
    const began = Date.now();
    this.#memory.k3s = probe.unhealthy;
    const [regionReport] = await Promise.all([this.#observe(began), this.bucket.ask()]);
    effort.calls = regionReport.calls;
    effort.listMs = Math.min(regionReport.listMs, Date.now() - began);
    effort.throttled = Object.values(regionReport.round).some((error) => error !== null && SLOWED.has(error.class));
    const at = new Date().toISOString();
    const aside = { bucket: this.bucket.failure, events: this.deps.events() };
    this.#blindness = afterRound(
      this.#blindness,
      { ...wholeRound(regionReport.round, probe.failure), ...known(aside) },
      at,
    );
    const report = { at, failures: this.#blindness.failures };
    regionObserved(input, report.failures, at);
    if (report.failures.length > 0)
      attempt.log.warn('the region cannot be seen as a whole', { failures: report.failures });
    if (this.input.announce && !this.#isAnnounced) await workflowNotifier.observing(input, at);
    this.#isAnnounced = true;
    const told =
      regionReport.clusters === null
        ? []
        : await this.#tell(regionReport.clusters, report, new Date(began).toISOString(), effort);
    for (const cluster of told) this.#reports.heard(cluster, report);
    const reported = await this.#reports.tell(report);
    Object.assign(this.#saw, {
      at,
      instances: regionReport.instances,
      clusters: regionReport.clusters?.size ?? this.#saw.clusters,
      unhealthy: probe.unhealthy.size,
      rounds: this.#saw.rounds + 1,
      calls: this.#saw.calls + regionReport.calls,
      signals: this.#saw.signals + told.length + reported,
    });
    attempt.heartbeat(this.#carried());
    const { instances, calls } = regionReport;
    attempt.log.debug('looked at the region', {
      instances,
      calls,
      told: told.length,
      reported,
      ms: Date.now() - began,
    });
    this.#empty = regionReport.clusters !== null && instances === 0 ? this.#empty + 1 : 0;
    // A cluster may have no instances: while it is made, or after losing them all.
    return this.#empty >= EMPTY_ROUNDS && (await workflowNotifier.openClusters(input)).length === 0;
  }

  /** Without its id nothing of the installation can be listed: that hides the region like a refused list. */
  async #observe(began: number): Promise<RegionObservation> {
    const { attempt, deps, input } = this;
    const memory = this.#memory;
    let installation: string;
    try {
      installation = (await retryOnce(attempt, 'read the installation', deps.installation)).id;
    } catch (error) {
      if (attempt.signal.aborted) throw attempt.signal.reason;
      const { code, class: errorClass, message, hint } = detailOf(toFailure(error, 'read the installation'));
      const round = { instances: { code, class: errorClass, message, hint } };
      return { clusters: null, instances: memory.instances.size, calls: 1, listMs: 0, round };
    }
    return observeRegion(deps.clients, input.region, installation, memory, attempt, (clusters) =>
      changedClusters(clusters, this.#pictures, this.#troubles, began),
    );
  }

  #tell(
    clusters: ReadonlyMap<string, ClusterObservation>,
    report: WatchReport,
    begun: string,
    effort: { pausedMs: number },
  ): Promise<string[]> {
    const { attempt, deps, input } = this;
    const sleep = async (ms: number): Promise<void> => {
      const began = performance.now();
      await attempt.sleep(ms);
      effort.pausedMs += performance.now() - began;
    };
    const open = () => deps.workflowNotifier.openClusters(input);
    const [pictures, troubles] = [this.#pictures, this.#troubles];
    const to = { sleep, log: attempt.log };
    return tellChanges(
      to,
      deps.workflowNotifier,
      clusters,
      report,
      open,
      pictures,
      troubles,
      begun,
      () => this.#isWoken,
    );
  }
}

const SLOWED: ReadonlySet<string> = new Set(['throttled', 'transient']);

/** Without the region's instances there is nothing to report; the health probe runs beside the rounds. */
function wholeRound(round: Round, nodes: Round['nodes']): Round {
  const { instances } = round;
  if (instances != null) return Object.fromEntries(SUBJECTS.map((subject) => [subject, instances]));
  return { ...round, ...(nodes !== undefined && { nodes }) };
}

/** Returns the round without what no one has asked for. */
const known = (round: { [S in Subject]?: Round[S] | undefined }): Round =>
  Object.fromEntries(Object.entries(round).filter(([, error]) => error !== undefined));

/** Runs beside the rounds, which do not wait for servers to answer. Ends with the attempt. */
async function keepProbing(attempt: ActivityContext, probe: HealthProbe, watch: Watch): Promise<void> {
  while (!watch.over) {
    try {
      await attempt.sleep(TICK_MS);
      if (!watch.over && (await probe.ask())) watch.wake();
    } catch (error) {
      if (attempt.signal.aborted) return;
      attempt.log.warn('the servers could not be asked for their K3s', { error: messageOf(error) });
    }
  }
}
