/**
 * The longest chain of imposed latencies in which each had to wait for the one before: what no operator can avoid,
 * however well it works. Computed from the region's spans alone, so that Keelson cannot flatter itself.
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

/** @returns the longest chain within the query, first link first; empty when nothing was imposed. */
export function criticalPath(spans: readonly Span[], query: CriticalPathQuery): CriticalPath {
  const within = new Map<string, Span>();
  for (const span of spans) {
    if (span.startedAt < query.since || span.startedAt > query.until) continue;
    if (query.uids !== null && (span.clusterUid === null || !query.uids.has(span.clusterUid))) continue;
    within.set(span.id, span);
  }
  // Spans are in the order they began, so what a span waited for comes before it.
  const best = new Map<string, { ms: number; before: string | null }>();
  let last: { id: string; ms: number } | null = null;
  for (const span of within.values()) {
    let before: string | null = null;
    let waited = 0;
    for (const id of span.after) {
      const ms = best.get(id)?.ms;
      if (ms === undefined || (before !== null && ms <= waited)) continue;
      before = id;
      waited = ms;
    }
    const ms = waited + imposed(span);
    best.set(span.id, { ms, before });
    if (last === null || ms > last.ms) last = { id: span.id, ms };
  }
  const chain: ChainLink[] = [];
  for (let id = last?.id ?? null; id !== null; id = best.get(id)?.before ?? null) {
    const span = within.get(id);
    if (span === undefined) break;
    const { kind, instanceId, startedAt, endedAt } = span;
    chain.unshift({ kind, instanceId, ms: imposed(span), startedAt, endedAt });
  }
  return { seconds: (last?.ms ?? 0) / 1_000, chain };
}

function imposed(span: Span): number {
  return span.endedAt === null ? Math.min(span.imposedMs, Date.now() - span.startedAt) : span.imposedMs;
}
