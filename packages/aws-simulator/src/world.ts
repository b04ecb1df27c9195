/** Clock, latencies, faults and record of the simulator. Everything that takes time asks the world for it. */
import type { Fault, Instance, Profile, Span, World } from './contract.js';
import { FaultPlans } from './faults.js';
import { JITTER, STEADY } from './profiles.js';
import { seeded, seedOf } from './random.js';
import { RegionRecord } from './record.js';
import { Spans } from './spans.js';

export interface WorldOptions {
  dir: string;
  port: number;
  profile: Profile;
  seed: number;
  persistFile?: string | undefined;
}

export type SpanRequest = Parameters<World['impose']>[0];

export class LocalWorld implements World {
  readonly instances = new Map<string, Instance>();
  readonly spans = new Spans();
  readonly faults = new FaultPlans((id) => this.instances.get(id)?.tags);
  readonly record: RegionRecord;
  readonly dir: string;
  readonly port: number;
  readonly profile: Profile;
  readonly random: () => number;
  /** Until the region has its policies, every role allows what agents need. */
  agentMay: World['agentMay'] = ({ instanceProfile }) => Promise.resolve(instanceProfile !== null);
  private readonly seed: number;
  private readonly order = new Map<string, number>();
  private readonly pending = new Set<() => void>();
  private closed = false;

  constructor(options: WorldOptions) {
    this.dir = options.dir;
    this.port = options.port;
    this.profile = options.profile;
    this.seed = options.seed;
    this.random = seeded(options.seed);
    this.record = new RegionRecord(options.persistFile);
  }

  /**
   * Waits, with the profile's jitter, and records the span; `imposedMs` of the span is the real time. The jitter depends on the seed, the
   * kind and the instance's slot (or its place in the order of launches), not on concurrent work, so that a repetition gives the same
   * delays.
   */
  async impose(request: SpanRequest): Promise<Span> {
    const instance = request.instanceId === undefined ? undefined : this.instances.get(request.instanceId);
    const slower = this.fault('span', { ...request, signal: undefined, ...(instance && { region: instance.region }) });
    const span = this.spans.begin({
      kind: request.kind,
      instanceId: request.instanceId ?? null,
      clusterUid: instance?.tags['keelson:uid'] ?? null,
      imposedMs: this.spread(request) + (slower?.delayMs ?? 0),
      after: request.after ?? [],
      ...(request.ticks !== undefined && { ticks: request.ticks }),
      ...(request.note !== undefined && { note: request.note }),
    });
    try {
      await this.wait(span.imposedMs, request.signal);
      if (slower?.held !== undefined) await this.release(slower.held, request.signal);
    } catch (error) {
      span.imposedMs = Date.now() - span.startedAt;
      delete span.ticks;
      span.note = `${span.note ?? ''} aborted`.trim();
      throw error;
    } finally {
      span.endedAt = Date.now();
    }
    return span;
  }

  lastSpan(instanceId: string, ...kinds: string[]): Span | undefined {
    return this.spans.last(instanceId, kinds);
  }

  note(kind: string, data: Record<string, unknown>): void {
    this.record.note(kind, data);
  }

  fault(point: string, data: Record<string, unknown>): Fault | undefined {
    const fault = this.faults.at(point, data);
    // Latencies are too frequent to note each; the plan's own counter counts them.
    if (fault !== undefined && point !== 'call' && point !== 'span') this.note('fault', { point, ...data, ...fault });
    return fault;
  }

  /** Waits unrecorded, e.g. for the latency of a call. @throws AbortError when the signal aborts or the simulator closes */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return this.until((done) => {
      if (ms <= 0) return void done();
      const timer = setTimeout(done, ms);
      return () => clearTimeout(timer);
    }, signal);
  }

  private release(held: AbortSignal, signal?: AbortSignal): Promise<void> {
    return this.until((done) => {
      if (held.aborted) return void done();
      held.addEventListener('abort', done);
      return () => held.removeEventListener('abort', done);
    }, signal);
  }

  /** @param begin calls its argument when the wait is over; may return a function that cancels it */
  private until(begin: (done: () => void) => (() => void) | undefined, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.closed || signal?.aborted) return reject(abortError());
      let takeBack: (() => void) | undefined;
      const finish = (settle: () => void): void => {
        takeBack?.();
        signal?.removeEventListener('abort', abort);
        this.pending.delete(abort);
        settle();
      };
      const abort = (): void => finish(() => reject(abortError()));
      signal?.addEventListener('abort', abort);
      this.pending.add(abort);
      takeBack = begin(() => finish(resolve));
    });
  }

  /** Starts work that no one awaits; its end by abort is not an error. */
  background(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!isAbort(error)) this.note('internal-error', { what, error: String(error) });
    });
  }

  close(): void {
    this.closed = true;
    for (const abort of [...this.pending]) abort();
  }

  private spread({ kind, instanceId, ms }: SpanRequest): number {
    const jitter = STEADY.has(kind) ? 0 : JITTER[this.profile.name];
    if (jitter === 0) return ms;
    const count = this.spans.count(instanceId ?? null, kind);
    const share = seeded(seedOf(`${this.seed}/${kind}/${this.placeOf(instanceId)}/${count}`))();
    return Math.round(ms * (1 + jitter * (2 * share - 1)));
  }

  /** Returns an identity of an instance that stays the same in a repeated run. */
  private placeOf(instanceId: string | undefined): string {
    if (instanceId === undefined) return '';
    const tags = this.instances.get(instanceId)?.tags ?? {};
    const slot = ['cluster', 'slot', 'generation'].map((name) => tags[`keelson:${name}`]);
    if (slot.every((value) => value !== undefined)) return slot.join('/');
    const order = this.order.get(instanceId) ?? this.order.size;
    this.order.set(instanceId, order);
    return String(order);
  }
}

function abortError(): Error {
  return new DOMException('The wait was aborted', 'AbortError');
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
