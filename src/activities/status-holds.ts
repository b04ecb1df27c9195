/** Runs of which a release is remembered although no write of theirs holds here: it may hold at another worker. */
const MOST_RUNS = 1_000;

/**
 * How long a write of status.yaml keeps the next one waiting, so that changes which no one waits for share one (ADR 0064). The workflow releases it, by a
 * sink, as soon as one comes that people do wait for. A sink reaches the worker that runs the workflow: where another one holds the write, the next comes when
 * the time is over.
 */
export class StatusHolds {
  /** By run: the number of the write that was released last. */
  readonly #released = new Map<string, number>();
  /** By run: ends the hold under way. */
  readonly #holding = new Map<string, { write: number; end: () => void }>();

  /** Ends the hold of this write, or lets it not begin: the workflow may be ahead of the activity. */
  release(runId: string, write: number): void {
    const holding = this.#holding.get(runId);
    if (holding?.write === write) {
      holding.end();
      return;
    }
    this.#released.set(runId, write);
    const [oldest] = this.#released.keys();
    if (this.#released.size > MOST_RUNS && oldest !== undefined) this.#released.delete(oldest);
  }

  /** @param over resolves when the hold is over in any case */
  async hold(runId: string, write: number, over: () => Promise<unknown>): Promise<void> {
    const isReleased = (this.#released.get(runId) ?? 0) >= write;
    this.#released.delete(runId);
    if (isReleased) return;
    const released = new Promise<void>((resolve) => {
      this.#holding.set(runId, { write, end: resolve });
    });
    await Promise.race([over(), released]);
    this.#holding.delete(runId);
  }
}
