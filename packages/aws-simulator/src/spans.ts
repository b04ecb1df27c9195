/** The imposed latencies, in the order of their begin; they alone make the critical path. */
import type { Span } from './contract.js';

export class Spans {
  readonly all: Span[] = [];
  private readonly byInstance = new Map<string, Span[]>();

  /** Returns how many spans of this kind the instance has had. */
  count(instanceId: string | null, kind: string): number {
    return this.of(instanceId).filter((span) => span.kind === kind).length;
  }

  begin(span: Omit<Span, 'id' | 'startedAt' | 'endedAt'>): Span {
    const begun: Span = { id: `s${this.all.length + 1}`, startedAt: Date.now(), endedAt: null, ...span };
    this.all.push(begun);
    if (begun.instanceId !== null) {
      const list = this.byInstance.get(begun.instanceId);
      if (list === undefined) this.byInstance.set(begun.instanceId, [begun]);
      else list.push(begun);
    }
    return begun;
  }

  /** Returns the last ended span of these kinds. */
  last(instanceId: string, kinds: readonly string[]): Span | undefined {
    let last: Span | undefined;
    for (const span of this.of(instanceId)) {
      if (span.endedAt === null || !kinds.includes(span.kind)) continue;
      if (last?.endedAt == null || span.endedAt >= last.endedAt) last = span;
    }
    return last;
  }

  private of(instanceId: string | null): Span[] {
    return (instanceId === null ? undefined : this.byInstance.get(instanceId)) ?? [];
  }
}
