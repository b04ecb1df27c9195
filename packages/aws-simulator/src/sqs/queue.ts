/** One queue: one reader at a time sees a message, which comes again unless it is deleted. [docs: SQS visibility time-out] */
import { createHash, randomUUID } from 'node:crypto';

export interface Received {
  id: string;
  /** Milliseconds since 1970. */
  sentAt: number;
  /** How often readers have received it, this time included. */
  received: number;
  receipt: string;
  body: string;
  md5: string;
}

interface Stored {
  id: string;
  body: string;
  md5: string;
  sentAt: number;
  visibleAt: number;
  receipt: string | null;
  received: number;
}

/** How many it keeps; AWS keeps them for days, which is longer than any test. */
const MOST = 20_000;

export class Queue {
  private readonly messages = new Map<string, Stored>();
  private waiting = new Set<() => void>();

  /** @param redrive target of a message that was received too often [docs: SQS dead-letter queues] */
  constructor(
    readonly name: string,
    readonly url: string,
    private readonly redrive: { to: Queue; most: number } | null = null,
  ) {}

  send(body: string): { id: string; md5: string } {
    const message = { id: randomUUID(), body, md5: md5Of(body), sentAt: Date.now() };
    this.put(message);
    return { id: message.id, md5: message.md5 };
  }

  /** It keeps its id and its time. */
  private put(message: Pick<Stored, 'id' | 'body' | 'md5' | 'sentAt'>): void {
    this.messages.set(message.id, { ...message, visibleAt: 0, receipt: null, received: 0 });
    const oldest = this.messages.keys().next().value;
    if (this.messages.size > MOST && oldest !== undefined) this.messages.delete(oldest);
    this.wake();
  }

  /** Returns the visible messages, each under its own receipt. */
  take(most: number, visibilityMs: number, now = Date.now()): Received[] {
    const taken: Received[] = [];
    for (const message of this.messages.values()) {
      if (taken.length >= most) break;
      if (message.visibleAt > now) continue;
      if (this.redrive !== null && message.received >= this.redrive.most) {
        this.messages.delete(message.id);
        this.redrive.to.put(message);
        continue;
      }
      message.visibleAt = now + visibilityMs;
      message.receipt = randomUUID();
      message.received += 1;
      const { id, receipt, body, md5, sentAt, received } = message;
      taken.push({ id, receipt, body, md5, sentAt, received });
    }
    return taken;
  }

  /** An old receipt deletes nothing and is not an error. [docs: SQS DeleteMessage] */
  delete(receipt: string): void {
    const message = this.holder(receipt);
    if (message !== undefined) this.messages.delete(message.id);
  }

  changeVisibility(receipt: string, ms: number, now = Date.now()): boolean {
    const message = this.holder(receipt);
    if (message === undefined) return false;
    message.visibleAt = now + ms;
    this.wake();
    return true;
  }

  /** Resolves when there may be something to take: at the next message, or when one becomes visible again. */
  async next(wait: (ms: number, signal: AbortSignal) => Promise<void>, mostMs: number): Promise<void> {
    const again = Math.min(...[...this.messages.values()].map(({ visibleAt }) => visibleAt - Date.now()));
    const come = new AbortController();
    const wake = (): void => come.abort();
    this.waiting.add(wake);
    try {
      await wait(Math.max(1, Math.min(mostMs, again)), come.signal);
    } catch (error) {
      if (!come.signal.aborted) throw error;
    } finally {
      this.waiting.delete(wake);
    }
  }

  counts(now = Date.now()): { visible: number; inFlight: number } {
    const all = [...this.messages.values()];
    const visible = all.filter(({ visibleAt }) => visibleAt <= now).length;
    return { visible, inFlight: all.length - visible };
  }

  private holder(receipt: string): Stored | undefined {
    return [...this.messages.values()].find((message) => message.receipt === receipt);
  }

  private wake(): void {
    const [first] = this.waiting;
    first?.();
  }
}

const md5Of = (text: string): string => createHash('md5').update(text).digest('hex');
