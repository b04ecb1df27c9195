/** Messages published to topics and events put on buses: nothing is subscribed to them here, so tests read them. */

export interface Publication {
  /** ISO 8601. */
  at: string;
  /** ARN of the topic or bus. */
  to: string;
  /** Answer of the service. */
  id: string;
  /** Fields by the names of the call: Message, Subject, Detail and so on. */
  content: Readonly<Record<string, unknown>>;
}

/** How many it keeps; the oldest go. */
const MOST = 1_000;

export class Published {
  private kept: Publication[] = [];

  add(to: string, id: string, content: Publication['content']): void {
    this.kept.push({ at: new Date().toISOString(), to, id, content });
    if (this.kept.length > MOST) this.kept.shift();
  }

  /** Returns them, oldest first. @param to a topic or bus; null for all */
  list(to: string | null = null): Publication[] {
    return this.kept.filter((one) => to === null || one.to === to);
  }
}
