import { BEFORE } from './again.js';
import type { ChaosCell } from './chaos-cell.js';
import type { ChaosCluster } from './cluster.js';
import type { ChaosFixture } from './fixture.js';
import type { Kill, Moment } from './kill.js';
import { OPERATIONS, type OperationName } from './names.js';
import { lineOf, type Outcome, operate } from './operations.js';

/** One boundary to die at. */
interface Task {
  kill: Kill;
  /** Kills that lead to it: it was met by a worker that took over. */
  first: readonly Kill[];
  tries: number;
}

export interface MatrixOptions {
  cells: number;
  seed: number;
  /** Only these. */
  operations?: readonly OperationName[];
  /** Of the boundaries, drawn evenly; 1 for all. */
  share: number;
  progress: (line: string) => void;
}

/** What came of the tasks of one operation. */
export interface Row {
  operation: OperationName;
  boundaries: number;
  outcomes: Outcome[];
  notMet: string[];
}

/**
 * Workers killed in one run of an operation: more in one with many boundaries, for such a one takes long anyway. Each is
 * followed by a whole recovery before the next.
 */
const BOUNDARIES_A_KILL = 15;
const LEAST_KILLS = 4;
const TRIES = 3;

/** Operations that follow each other on a cluster that runs, and leave one that runs. */
const TOURS: readonly (readonly OperationName[])[] = [
  ['stop', 'start'],
  // A slot is launched five times in ten minutes at most, whatever the reason. [src/model/launch-limit.ts]
  ['add agents', 'remove agents', 'add agents', 'remove agents', 'delete', 'create ha'],
  ['resize'],
  ['apply config'],
  ['repair'],
  ['repair unasked'],
  ['repair sick'],
  ['backup'],
  ['restore'],
  ['restore back'],
  // For the same reason.
  ['restore lost', 'restore lost', 'delete', 'create ha'],
  ['restore unasked', 'delete', 'create ha'],
  ['restore into'],
  ['drill'],
  ['rotate'],
  ['delete', 'create ha'],
  ['delete', 'create dev', 'delete', 'create ha'],
];

/**
 * The crash matrix. Every operation is recorded once; each of its AWS calls gives boundaries, at which workers are killed. Calls
 * that only a worker makes which takes over are found on the way and become boundaries as well.
 */
export class Matrix {
  readonly rows: Row[];
  private readonly tasks = new Map<OperationName, Task[]>();
  private readonly known = new Map<OperationName, Set<string>>();
  private readonly random: () => number;
  /** When the recording had ended, and the kills that are done with since. */
  private startedAt = 0;
  private settled = 0;
  private stopped = false;
  /** Kills that were left when it was stopped. */
  givenUp = 0;

  constructor(
    private readonly fixture: ChaosFixture,
    private readonly options: MatrixOptions,
  ) {
    this.random = seeded(options.seed);
    this.rows = OPERATIONS.map((operation) => ({ operation, boundaries: 0, outcomes: [], notMet: [] }));
    for (const operation of OPERATIONS) {
      this.tasks.set(operation, []);
      this.known.set(operation, new Set());
    }
  }

  async run(): Promise<void> {
    const cell = await this.fixture.openCell();
    await this.record(cell);
    this.startedAt = Date.now();
    const others = Array.from({ length: this.options.cells - 1 }, () => this.fixture.openCell());
    await Promise.all([Promise.resolve(cell), ...others].map(async (one) => this.work(await one)));
  }

  /** Tries no more kills: runs under way come to their end. What was left stays to be told. */
  stop(): void {
    this.givenUp += this.left;
    for (const operation of this.tasks.keys()) this.tasks.set(operation, []);
    this.stopped = true;
  }

  /** Kills that are still to be tried. */
  get left(): number {
    return [...this.tasks.values()].reduce((sum, tasks) => sum + tasks.length, 0);
  }

  private async record(cell: ChaosCell): Promise<void> {
    const ha = this.fixture.newCluster(cell, 'ha');
    const dev = this.fixture.newCluster(cell, 'dev');
    const plan: [ChaosCluster, OperationName[]][] = [
      [ha, OPERATIONS.filter((one) => one !== 'create dev')],
      [dev, ['create dev', 'delete']],
    ];
    const { operations: asked } = this.options;
    for (const [cluster, operations] of plan) {
      // Only what is asked for, with what has to come before it; the cluster is deleted in any case.
      const isNeeded = (one: OperationName): boolean => asked?.includes(one) ?? true;
      const needed = operations.filter(
        (one) => isNeeded(one) || operations.some((other) => isNeeded(other) && BEFORE[other].includes(one)),
      );
      if (needed[0] !== operations[0]) continue;
      for (const operation of new Set([...needed, 'delete' as const])) {
        const outcome = await operate(cluster, operation);
        this.report(outcome, cell);
        for (const boundary of outcome.reaper.met) this.learn(operation, boundary.id, boundary.writes, []);
      }
    }
    for (const tasks of this.tasks.values()) {
      shuffle(tasks, this.random);
      tasks.splice(Math.ceil(tasks.length * this.options.share));
    }
  }

  private learn(operation: OperationName, id: string, writes: boolean, first: readonly Kill[]): void {
    const known = this.known.get(operation) ?? new Set();
    if (known.has(id)) return;
    known.add(id);
    if (this.stopped) return;
    if (this.options.operations?.includes(operation) === false) return;
    const row = this.rowOf(operation);
    row.boundaries += 1;
    const moments = momentsOf(operation, id, writes, row.boundaries);
    for (const moment of moments) {
      const kill: Kill = { moment, at: id, ...(moment === 'between' && { delayMs: Math.floor(this.random() * 80) }) };
      this.tasks.get(operation)?.push({ kill, first, tries: 0 });
    }
  }

  /** Tours on one cell until nothing is left to try. */
  private async work(cell: ChaosCell): Promise<void> {
    let cluster: ChaosCluster | null = null;
    while (this.left > 0) {
      if (cluster === null) {
        cluster = this.fixture.newCluster(cell, 'ha');
        if (!(await this.step(cluster, 'create ha'))) {
          cell = await this.replace(cell, cluster);
          cluster = null;
          continue;
        }
      }
      for (const operation of this.nextTour()) {
        if (operation === 'create ha' || operation === 'create dev')
          cluster = this.fixture.newCluster(cell, operation === 'create ha' ? 'ha' : 'dev');
        if (cluster !== null && (await this.step(cluster, operation))) continue;
        if (cluster !== null) cell = await this.replace(cell, cluster);
        cluster = null;
        break;
      }
    }
    if (cluster !== null) await this.step(cluster, 'delete');
  }

  private nextTour(): readonly OperationName[] {
    const worth = (tour: readonly OperationName[]): number =>
      Math.max(...tour.map((operation) => this.tasks.get(operation)?.length ?? 0)) / tour.length;
    return TOURS.reduce((best, tour) => (worth(tour) > worth(best) ? tour : best));
  }

  /** @returns whether the cluster can be gone on with. */
  private async step(cluster: ChaosCluster, operation: OperationName): Promise<boolean> {
    const tasks = this.take(operation);
    const kills = [...(tasks[0]?.first ?? []), ...tasks.map(({ kill }) => kill)];
    const outcome = await operate(cluster, operation, kills);
    this.rowOf(operation).outcomes.push(outcome);
    const missed = tasks.filter(({ kill }) => outcome.reaper.missed.includes(kill));
    for (const task of missed) this.again(operation, task);
    this.settled += tasks.length - missed.length;
    this.report(outcome, cluster.cell);
    this.discover(operation, outcome);
    return outcome.findings.unreached.length === 0;
  }

  private take(operation: OperationName): Task[] {
    const tasks = this.tasks.get(operation) ?? [];
    const [head] = tasks;
    if (head === undefined) return [];
    if (head.first.length > 0) return tasks.splice(0, 1);
    const taken = tasks.filter((task) => task.first.length === 0).slice(0, this.killsARun(operation));
    this.tasks.set(
      operation,
      tasks.filter((task) => !taken.includes(task)),
    );
    return taken;
  }

  private killsARun(operation: OperationName): number {
    return Math.max(LEAST_KILLS, Math.floor(this.rowOf(operation).boundaries / BOUNDARIES_A_KILL));
  }

  private again(operation: OperationName, task: Task): void {
    if (this.stopped) {
      this.givenUp += 1;
      return;
    }
    task.tries += 1;
    if (task.tries < TRIES) this.tasks.get(operation)?.push(task);
    else this.rowOf(operation).notMet.push(`${task.kill.moment} ${task.kill.at}`);
  }

  /** Calls that were never made by an undisturbed worker; of further ones of a kind the first speaks for all. */
  private discover(operation: OperationName, { kills, reaper }: Outcome): void {
    if (kills.length === 0) return;
    for (const [index, boundary] of reaper.met.entries()) {
      if (boundary.count > 1) continue;
      const before = reaper.done
        .filter(({ met }) => met <= index)
        .slice(-1)
        .map(({ kill }) => kill);
      if (before.length > 0 && this.random() < this.options.share)
        this.learn(operation, boundary.id, boundary.writes, before);
    }
  }

  private async replace(cell: ChaosCell, cluster: ChaosCluster): Promise<ChaosCell> {
    await cluster.abandon();
    await cell.close();
    return await this.fixture.openCell();
  }

  private report(outcome: Outcome, cell: ChaosCell): void {
    this.options.progress(`${this.outlook()}  ${lineOf(outcome, cell.taskQueue)}`);
  }

  /** Kills that are left, and how long they will take if it goes on like this. */
  private outlook(): string {
    const minutes = (Date.now() - this.startedAt) / 60_000;
    const left = String(this.left).padStart(4);
    if (this.settled === 0) return `${left} left`;
    return `${left} left, ${((minutes / this.settled) * this.left).toFixed(0)} min`;
  }

  private rowOf(operation: OperationName): Row {
    const row = this.rows.find((one) => one.operation === operation);
    if (row === undefined) throw new Error(`there is no row of ${operation}`);
    return row;
  }
}

/** The status is written again and again, each time whole: there, before and after take turns. */
function momentsOf(operation: OperationName, id: string, writes: boolean, order: number): Moment[] {
  const looks = operation === 'repair unasked' || operation === 'repair sick';
  if (id.includes(' status.yaml ') || (looks && !writes)) return [order % 2 === 0 ? 'before' : 'after'];
  return writes ? ['before', 'late', 'after', 'between'] : ['before', 'after'];
}

/** Mulberry32: the same seed gives the same order. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffle<T>(list: T[], random: () => number): void {
  for (let index = list.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [list[index], list[other]] = [list[other] as T, list[index] as T];
  }
}
