import { createHash } from 'node:crypto';

/** Bytes for a cluster's name and for its snapshot. With 5 for names two of 1,000 clusters collide once in two million regions. */
const NAME = 5;
const PICTURE = 4;
const ROW = NAME + PICTURE;
/** The server keeps heartbeats: 12 characters a cluster, so that is 60 kB. The rest is reported again after the loss of a worker. */
const MOST = 5_000;

/**
 * Last snapshot of each cluster, as hashes. They go with each heartbeat, so that a lost worker loses no more than a round, and with the
 * result, so that the next activity continues from here.
 */
export class SnapshotDigests {
  readonly #hashes = new Map<string, Buffer>();
  /** Names by their hash, of those seen by this process. */
  readonly #names = new Map<string, string>();
  /** Hashes of names, and the last snapshots as texts: at rest nothing is hashed again. */
  readonly #keys = new Map<string, string>();
  readonly #texts = new Map<string, string>();

  /** @param packed result of `pack`; anything else counts as no memory */
  constructor(packed: unknown) {
    if (typeof packed !== 'string') return;
    const bytes = Buffer.from(packed, 'base64');
    for (let at = 0; at + ROW <= bytes.length; at += ROW) {
      this.#hashes.set(bytes.toString('hex', at, at + NAME), bytes.subarray(at + NAME, at + ROW));
    }
  }

  /** Returns whether there is a last snapshot of it. */
  knows(name: string): boolean {
    return this.#hashes.has(this.#keyOf(name));
  }

  /** Returns whether the snapshot is new, or differs. */
  differs(name: string, snapshot: string): boolean {
    if (this.#texts.get(name) === snapshot) return false;
    if (this.#hashes.get(this.#keyOf(name))?.equals(digest(snapshot, PICTURE)) !== true) return true;
    this.#texts.set(name, snapshot);
    return false;
  }

  take(name: string, snapshot: string): void {
    this.#names.set(this.#keyOf(name), name);
    this.#hashes.set(this.#keyOf(name), digest(snapshot, PICTURE));
    this.#texts.set(name, snapshot);
  }

  forget(name: string): void {
    this.#hashes.delete(this.#keyOf(name));
    this.#names.delete(this.#keyOf(name));
    this.#texts.delete(name);
    this.#keys.delete(name);
  }

  /** Returns the known clusters that are not in `names`; null stands for one whose name this process has never read. */
  missing(names: Iterable<string>): (string | null)[] {
    const present = new Set([...names].map((name) => this.#keyOf(name)));
    return [...this.#hashes.keys()].filter((key) => !present.has(key)).map((key) => this.#names.get(key) ?? null);
  }

  /** Drops everything that is not in `names`. */
  retain(names: Iterable<string>): void {
    const present = new Set([...names].map((name) => this.#keyOf(name)));
    for (const key of [...this.#hashes.keys()]) {
      if (present.has(key)) continue;
      const name = this.#names.get(key);
      if (name !== undefined) this.#texts.delete(name);
      this.#hashes.delete(key);
      this.#names.delete(key);
    }
  }

  #keyOf(name: string): string {
    const key = this.#keys.get(name) ?? keyOf(name);
    this.#keys.set(name, key);
    return key;
  }

  pack(): string {
    const rows = [...this.#hashes].slice(0, MOST).flatMap(([key, hash]) => [Buffer.from(key, 'hex'), hash]);
    return Buffer.concat(rows).toString('base64');
  }
}

const keyOf = (name: string): string => digest(name, NAME).toString('hex');
const digest = (text: string, bytes: number): Buffer => createHash('sha256').update(text).digest().subarray(0, bytes);
