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

  /** @param packed result of `pack`; anything else counts as no memory */
  constructor(packed: unknown) {
    if (typeof packed !== 'string') return;
    const bytes = Buffer.from(packed, 'base64');
    for (let at = 0; at + ROW <= bytes.length; at += ROW) {
      this.#hashes.set(bytes.toString('hex', at, at + NAME), bytes.subarray(at + NAME, at + ROW));
    }
  }

  /** Returns whether the snapshot is new, or differs. */
  differs(name: string, snapshot: string): boolean {
    return this.#hashes.get(keyOf(name))?.equals(digest(snapshot, PICTURE)) !== true;
  }

  take(name: string, snapshot: string): void {
    this.#names.set(keyOf(name), name);
    this.#hashes.set(keyOf(name), digest(snapshot, PICTURE));
  }

  forget(name: string): void {
    this.#hashes.delete(keyOf(name));
    this.#names.delete(keyOf(name));
  }

  /** Returns the known clusters that are not in `names`; null stands for one whose name this process has never read. */
  missing(names: Iterable<string>): (string | null)[] {
    const present = new Set([...names].map(keyOf));
    return [...this.#hashes.keys()].filter((key) => !present.has(key)).map((key) => this.#names.get(key) ?? null);
  }

  /** Drops everything that is not in `names`. */
  retain(names: Iterable<string>): void {
    const present = new Set([...names].map(keyOf));
    for (const key of [...this.#hashes.keys()]) {
      if (present.has(key)) continue;
      this.#hashes.delete(key);
      this.#names.delete(key);
    }
  }

  pack(): string {
    const rows = [...this.#hashes].slice(0, MOST).flatMap(([key, hash]) => [Buffer.from(key, 'hex'), hash]);
    return Buffer.concat(rows).toString('base64');
  }
}

const keyOf = (name: string): string => digest(name, NAME).toString('hex');
const digest = (text: string, bytes: number): Buffer => createHash('sha256').update(text).digest().subarray(0, bytes);
