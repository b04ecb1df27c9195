/**
 * The longest chain of imposed latencies in which each had to wait for the one before: no operator can avoid it, however well it works. It
 * uses the simulator's spans alone, so that Keelson cannot flatter itself.
 *
 * It is a schedule, in which every span begins as soon as those before it have ended. A span that ends at a tick of some clock ends there
 * at the first tick after that, not after the time that it really took: a late caller has lost a whole interval through its own fault.
 */
import type { Span } from './contract.js';

export interface ChainLink {
  kind: string;
  instanceId: string | null;
  ms: number;
  startedAt: number;
  endedAt: number | null;
}

export interface CriticalPath {
  seconds: number;
  chain: ChainLink[];
}

export interface CriticalPathQuery {
  /** Only spans of these clusters; null for all. */
  uids: ReadonlySet<string> | null;
  /** Only spans that began within; milliseconds since the epoch. */
  since: number;
  until: number;
}

/** When a span is over in the schedule, in milliseconds from its beginning, and the span that it waited for longest. */
interface Scheduled {
  begin: number;
  end: number;
  before: string | null;
}

/** @returns the longest chain within the query, first link first; empty when nothing was imposed. */
export function criticalPath(spans: readonly Span[], query: CriticalPathQuery): CriticalPath {
  const within = new Map<string, Span>();
  for (const span of spans) {
    if (span.startedAt < query.since || span.startedAt > query.until) continue;
    if (query.uids !== null && (span.clusterUid === null || !query.uids.has(span.clusterUid))) continue;
    within.set(span.id, span);
  }
  // Spans are in the order they began, so what a span waited for comes before it.
  const schedule = new Map<string, Scheduled>();
  let last: { id: string; end: number } | null = null;
  for (const span of within.values()) {
    const scheduled = place(span, schedule);
    schedule.set(span.id, scheduled);
    if (last === null || scheduled.end > last.end) last = { id: span.id, end: scheduled.end };
  }
  const chain: ChainLink[] = [];
  for (let id = last?.id ?? null; id !== null; id = schedule.get(id)?.before ?? null) {
    const span = within.get(id);
    const scheduled = schedule.get(id);
    if (span === undefined || scheduled === undefined) break;
    const { kind, instanceId, startedAt, endedAt } = span;
    chain.unshift({ kind, instanceId, ms: scheduled.end - scheduled.begin, startedAt, endedAt });
  }
  return { seconds: (last?.end ?? 0) / 1_000, chain };
}

function place(span: Span, schedule: ReadonlyMap<string, Scheduled>): Scheduled {
  let before: string | null = null;
  let begin = 0;
  for (const id of span.after) {
    const end = schedule.get(id)?.end;
    if (end === undefined || (before !== null && end <= begin)) continue;
    before = id;
    begin = end;
  }
  return { begin, end: span.endedAt === null ? begin + soFar(span) : endOf(span, begin, schedule), before };
}

function endOf(span: Span, begin: number, schedule: ReadonlyMap<string, Scheduled>): number {
  const { ticks } = span;
  const clock = ticks && schedule.get(ticks.of)?.begin;
  // A clock that has ticked since before the query: the place between two ticks is chance.
  if (ticks === undefined || clock === undefined) return begin + span.imposedMs;
  const first = clock + ticks.offsetMs;
  return first + ticks.everyMs * Math.max(1, Math.floor((begin - first) / ticks.everyMs) + 1);
}

const soFar = ({ imposedMs, startedAt }: Span): number => Math.min(imposedMs, Date.now() - startedAt);
