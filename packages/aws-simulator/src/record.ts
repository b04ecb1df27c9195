/** What the simulator saw and did: every call, every instance ever launched, notes. The evidence of tests and benchmarks. */
import { appendFileSync } from 'node:fs';

export interface CallEntry {
  seq: number;
  /** ISO 8601. */
  at: string;
  /** Role of the signing key; null for an unknown one. */
  caller: string | null;
  /** Of the caller. */
  account: string;
  service: string;
  region: string;
  action: string;
  /** Without user data, object bodies and scripts: those may contain secrets. */
  params: Record<string, string>;
  instanceIds: string[];
  /** HTTP status; null while the call is under way, 0 when its answer was lost or its connection cut. */
  status: number | null;
  code: string | null;
  ms: number | null;
  /** Effect of a fault plan on it. */
  fault: string | null;
}

export interface LaunchEntry {
  id: string;
  at: string;
  region: string;
  zone: string;
  type: string;
  clientToken: string;
  /** Among the instances of its call, from 0. */
  launchIndex: number;
  tags: Record<string, string>;
}

export interface NoteEntry {
  at: string;
  kind: string;
  data: Record<string, unknown>;
}

/** Enough for a day's benchmark of a thousand clusters; it drops older calls. */
const MAX_CALLS = 500_000;

export class RegionRecord {
  readonly startedAt = new Date().toISOString();
  readonly launches: LaunchEntry[] = [];
  readonly notes: NoteEntry[] = [];
  private kept: CallEntry[] = [];
  private count = 0;

  /** @param file gets each finished entry as a line of JSON, so that it outlives the process */
  constructor(private readonly file?: string) {}

  get calls(): readonly CallEntry[] {
    return this.kept;
  }

  begin(
    call: Pick<CallEntry, 'caller' | 'account' | 'service' | 'region' | 'action' | 'params' | 'instanceIds'>,
  ): CallEntry {
    const entry: CallEntry = {
      seq: ++this.count,
      at: new Date().toISOString(),
      ...call,
      status: null,
      code: null,
      ms: null,
      fault: null,
    };
    this.kept.push(entry);
    if (this.kept.length > MAX_CALLS) this.kept = this.kept.slice(MAX_CALLS / 2);
    return entry;
  }

  end(entry: CallEntry, status: number, code: string | null, startedAt: number): void {
    entry.status = status;
    entry.code = code;
    entry.ms = Math.round((performance.now() - startedAt) * 10) / 10;
    this.persist('call', entry);
  }

  launched(entry: LaunchEntry): void {
    this.launches.push(entry);
    this.persist('launch', entry);
  }

  note(kind: string, data: Record<string, unknown>): void {
    const entry = { at: new Date().toISOString(), kind, data };
    this.notes.push(entry);
    this.persist('note', entry);
  }

  private persist(what: string, entry: object): void {
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify({ what, ...entry })}\n`);
  }
}
