import { messageOf } from '../../aws/error-code.js';
import { SUBJECTS } from '../../model/observation-failure.js';
import { afterRound, type Round, SEES_ALL } from '../../model/watch/blindness.js';
import { type Effort, nextInterval, SHORTEST_MS } from '../../model/watch/cadence.js';
import type { WatchReport } from '../../model/watch/report.js';
import type { WatchInput, WatchResult } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { type ClusterSight, lookAtRegion, RegionMemory } from './look-at-region.js';
import { regionObserved } from './metrics.js';
import { Pictures } from './pictures.js';
import { Pulse } from './pulse.js';
import { Reports } from './reports.js';
import { tellChanges } from './tell.js';

/** After this the workflow asks again: a history with one activity an hour stays small for weeks. */
const LASTS_MS = 60 * 60 * 1_000;
/** Rounds in a row without any instance, before Temporal is asked whether a cluster is left. */
const EMPTY_ROUNDS = 3;
/** Between two looks whether it is time for the next pulse. */
const TICK_MS = 2_000;

/** What goes with each heartbeat, for the attempt that goes on after a lost worker. */
interface Carried {
  pictures: string;
  told: string | null;
}

/**
 * Looks at all managed instances of a region, round after round, and tells each cluster whose picture has changed, and all of them what it cannot
 * see. Whatever AWS answers, it goes on: a region that cannot be seen is looked at again a little later. Only the end of the attempt ends it.
 *
 * @returns after an hour, or when no cluster of the region is left
 */
export async function watchRegion(deps: ActivityDeps, attempt: Attempt, input: WatchInput): Promise<WatchResult> {
  const pulse = new Pulse(deps.clients.ssm(input.region), deps.installation, attempt);
  const watch = new Watch(deps, attempt, input, pulse);
  void keepPulse(attempt, pulse, watch);
  try {
    return await watch.go();
  } finally {
    watch.over = true;
  }
}

class Watch {
  over = false;
  readonly #memory = new RegionMemory();
  readonly #pictures: Pictures;
  readonly #reports: Reports;
  #blindness = SEES_ALL;
  #interval = SHORTEST_MS;
  #empty = 0;
  #isAnnounced = false;
  #wake: () => void = () => undefined;

  constructor(
    private readonly deps: ActivityDeps,
    private readonly attempt: Attempt,
    private readonly input: WatchInput,
    private readonly pulse: Pulse,
  ) {
    const carried = (attempt.resumed as Carried | undefined) ?? input;
    this.#pictures = new Pictures(carried.pictures);
    this.#reports = new Reports(attempt, deps.messenger, input, carried.told);
  }

  /** The servers say something else than before: the next round is now. */
  wake(): void {
    this.#wake();
  }

  async go(): Promise<WatchResult> {
    const until = this.attempt.since + LASTS_MS;
    do {
      const began = Date.now();
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const effort = { calls: 1, ms: 0, throttled: false };
      try {
        if (await this.#round(effort)) return { ended: 'empty', ...this.#carried() };
      } catch (error) {
        if (this.attempt.signal.aborted) throw this.attempt.signal.reason;
        this.attempt.log.warn('a round of the region watch has failed', { error: messageOf(error) });
      }
      effort.ms = Date.now() - began;
      this.#interval = nextInterval(this.#interval, effort);
      await Promise.race([this.attempt.sleep(Math.max(1_000, this.#interval - effort.ms)), woken]);
    } while (Date.now() < until);
    return { ended: 'time', ...this.#carried() };
  }

  #carried(): Carried {
    return { pictures: this.#pictures.pack(), told: this.#reports.told };
  }

  /** @returns whether no cluster of the region is left */
  async #round(effort: Effort): Promise<boolean> {
    const { attempt, input, pulse } = this;
    const { clients, messenger } = this.deps;
    const began = Date.now();
    this.#memory.k3s = pulse.unwell;
    const { id: installation } = await this.deps.installation();
    const sight = await lookAtRegion(clients, input.region, installation, this.#memory, attempt);
    effort.calls = sight.calls;
    effort.throttled = Object.values(sight.round).some((error) => error !== null && SLOWED.has(error.class));
    const at = new Date().toISOString();
    this.#blindness = afterRound(this.#blindness, wholeRound(sight.round, pulse.failure), at);
    const report = { at, failures: this.#blindness.failures };
    regionObserved(input, report.failures, at);
    if (report.failures.length > 0)
      attempt.log.warn('the region cannot be seen as a whole', { failures: report.failures });
    if (this.input.announce && !this.#isAnnounced) await messenger.observing(input, at);
    this.#isAnnounced = true;
    const told = sight.clusters === null ? [] : await this.#tell(sight.clusters, report, new Date(began).toISOString());
    for (const cluster of told) this.#reports.heard(cluster, report);
    const reported = await this.#reports.tell(report);
    attempt.heartbeat(this.#carried());
    const { instances, calls } = sight;
    attempt.log.debug('looked at the region', {
      instances,
      calls,
      told: told.length,
      reported,
      ms: Date.now() - began,
    });
    this.#empty = sight.clusters !== null && instances === 0 ? this.#empty + 1 : 0;
    // A cluster may be there without instances: it is being made, or has lost them all.
    return this.#empty >= EMPTY_ROUNDS && (await messenger.openClusters(input)).length === 0;
  }

  #tell(clusters: ReadonlyMap<string, ClusterSight>, report: WatchReport, begun: string): Promise<string[]> {
    const { messenger } = this.deps;
    const open = () => messenger.openClusters(this.input);
    return tellChanges(this.attempt, messenger, clusters, report, open, this.#pictures, begun);
  }
}

const SLOWED: ReadonlySet<string> = new Set(['throttled', 'transient']);

/** Without its instances nothing of a region can be told; what servers say is asked for beside the rounds. */
function wholeRound(round: Round, nodes: Round['nodes']): Round {
  const { instances } = round;
  if (instances != null) return Object.fromEntries(SUBJECTS.map((subject) => [subject, instances]));
  return { ...round, ...(nodes !== undefined && { nodes }) };
}

/** Beside the rounds, which do not wait for servers to answer. Ends with the attempt. */
async function keepPulse(attempt: Attempt, pulse: Pulse, watch: Watch): Promise<void> {
  while (!watch.over) {
    try {
      await attempt.sleep(TICK_MS);
      if (!watch.over && (await pulse.ask())) watch.wake();
    } catch (error) {
      if (attempt.signal.aborted) return;
      attempt.log.warn('the servers could not be asked for their K3s', { error: messageOf(error) });
    }
  }
}
