import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { Clusters } from '#src/cli/clusters/clusters.js';
import { isUnreachable, toCliError } from '#src/cli/errors.js';
import { EXIT } from '#src/cli/exit.js';
import { follow, type Since } from '#src/cli/wait/follow.js';
import { createStatusReader } from '#src/cli/wait/stored-status.js';
import type { RequestName } from '#src/model/requests/decide.js';
import type { RestoreFrom } from '#src/model/restore/state.js';
import type { Rotation } from '#src/model/rotation/state.js';
import { parseDocument } from '#src/model/spec/parse.js';
import type { ClusterDocument } from '#src/model/spec/schema.js';
import type { StatusView } from '#src/model/status.js';
import type { ChaosCell } from './chaos-cell.js';
import { watchByCommand } from './command.js';
import { type Expected, manifestsOf, write } from './data.js';
import { Progress } from './progress.js';

/** What a cluster is to be. */
export interface Shape {
  mode: 'dev' | 'ha';
  agents: number;
  serverType: string;
  disable: string;
  /** Whether a backup is restored without a request. */
  automatic: boolean;
}

/** How long what is to be seen after an operation may take. */
const LIMIT_MS = 240_000;

/** The wanted state was not reached. */
export class Unreached extends Error {}

/**
 * How someone waits for a cluster while workers die: `wait` as `--wait` does; `watch`, and a `keelson status --watch` runs beside; `query`
 * asks the workflow five times a second, which is known to do harm: docs/explanation/faults.md.
 */
export type Asking = 'wait' | 'watch' | 'query';

/** One cluster in a cell, asked as a person asks. */
export class ChaosCluster {
  shape: Shape;
  /** Of the restore under way, until it was looked at. */
  expected: Expected | null = null;
  /** ConfigMaps that were written: each has a name of its own. */
  private writes = 0;
  private firstRun: string | null = null;
  private moved = new Progress();
  private last = 'no status';
  /** Backup that the next restore takes; null for the newest. */
  private from: string | null = null;
  /** Of the cluster that is made from a backup of this one, which it is from then on. */
  private laterName: string | null = null;
  /** Aborted when no one waits any more. */
  private over = new AbortController();
  private letting = false;
  private heard: Since = { traceId: '', specGeneration: 0 };
  private readonly clusters: Clusters;

  constructor(
    private readonly client: Client,
    readonly cell: ChaosCell,
    private readonly firstName: string,
    mode: 'dev' | 'ha',
    private readonly asking: Asking,
  ) {
    this.clusters = new Clusters(client, cell.taskQueue);
    this.shape = { mode, agents: 0, serverType: 't3.medium', disable: 'traefik', automatic: false };
  }

  get handle(): WorkflowHandle {
    return this.client.workflow.getHandle(`cluster/${this.name}`);
  }

  get name(): string {
    return this.laterName ?? this.firstName;
  }

  async create(): Promise<void> {
    await this.begin();
    await this.settled('Running');
  }

  /** Asks for it, and waits for nothing. */
  async begin(restoreFrom?: RestoreFrom): Promise<void> {
    await this.ask('apply', {}, restoreFrom);
    this.firstRun = (await this.clusters.executionInfo(this.name)).firstRunId;
  }

  async stop(): Promise<void> {
    await this.ask('stop');
    await this.settled('Stopped');
  }

  async start(): Promise<void> {
    await this.ask('start');
    await this.settled('Running');
  }

  async resize(instanceType: string): Promise<void> {
    this.shape = { ...this.shape, serverType: instanceType };
    await this.ask('resize', { instanceType });
    await this.settled('Running');
  }

  async apply(change: Partial<Shape>): Promise<void> {
    this.shape = { ...this.shape, ...change };
    await this.ask('apply');
    await this.settled('Running');
  }

  /** Someone terminates the instance of a slot, or it hangs, and someone tells of it or not; until another one serves in its place. */
  /** A server that is gone is replaced; one whose power was cut is rebooted, and keeps its instance. */
  async repair(slot: string, what: 'terminate' | 'crash', how: 'told' | 'untold'): Promise<void> {
    const nodeOf = ({ nodes }: StatusView) => nodes.find((node) => node.slot === slot);
    const before = await this.status();
    const lost = nodeOf(before)?.instanceId ?? null;
    const known = new Set(before.operations.map(({ id }) => id));
    await fetch(`${this.cell.region.url}/_region/instances/${lost}/${what}`, { method: 'POST' });
    if (how === 'told') await this.handle.signal('reconcile', { reason: `${slot} is gone` });
    const isNew = (status: StatusView) => ![null, lost].includes(nodeOf(status)?.instanceId ?? null);
    const isBack = (status: StatusView) =>
      nodeOf(status)?.ready === 'True' &&
      status.operations.some(({ id, kind, outcome }) => kind === 'repair' && outcome === 'done' && !known.has(id));
    await this.settled('Running', what === 'terminate' ? isNew : (status) => isNew(status) || isBack(status));
  }

  async backup(): Promise<void> {
    const before = (await this.status()).backup;
    await this.ask('backup');
    await this.settled('Running', ({ backup }) => {
      // One that has failed is not tried again: the command ends with the reason, and so does this.
      if (backup.failures > before.failures && backup.at === before.at)
        throw new Unreached(`${this.name} has no new backup: ${JSON.stringify(backup.problem)}`);
      return backup.at !== before.at;
    });
  }

  /** Of a cluster that nothing is restored on: what was written stays. */
  async writeOnce(): Promise<void> {
    this.writes += 1;
    this.expected = { kept: `kept-${this.writes}`, gone: null };
    await write(this, this.expected.kept);
  }

  /**
   * A backup between two writes. `saved again`: another backup after them, and the first is to be restored; else all servers may be lost, and the
   * cluster has seen it or not, or the whole cluster is deleted.
   */
  async beforeRestore(what: 'serving' | 'saved again' | 'lost' | 'unseen' | 'deleted'): Promise<void> {
    if (what === 'unseen') await this.apply({ automatic: true });
    this.writes += 1;
    const expected = { kept: `kept-${this.writes}`, gone: `gone-${this.writes}` };
    this.expected = expected;
    await write(this, expected.kept);
    await this.backup();
    await write(this, expected.gone);
    switch (what) {
      case 'serving':
        return;
      case 'saved again':
        this.from = (await this.status()).backup.id;
        await this.backup();
        return;
      case 'deleted':
        await this.delete();
        return;
      default:
        await this.loseServers();
        if (what === 'lost') await this.seeLoss();
    }
  }

  async restore(): Promise<void> {
    const { from } = this;
    this.from = null;
    await this.ask('restore', { confirm: this.name, ...(from !== null && { from }) });
    await this.settled('Running');
  }

  /** Makes a new cluster from the newest backup; it is this one from now on. */
  async restoreInto(): Promise<void> {
    const manifest = manifestsOf(this.cell, this.name).at(-1);
    if (manifest === undefined) throw new Error(`there is no backup of ${this.name}`);
    const { cluster, uid, id, generations } = manifest;
    this.laterName = `${this.firstName}-r${this.writes}`;
    await this.begin({ cluster, uid, id, generations });
    await this.settled('Running');
  }

  /** Sees that its servers are lost, and restores its backup. */
  async comeBack(): Promise<void> {
    const known = new Set((await this.status()).operations.map(({ id }) => id));
    await this.ask('resume');
    await this.settled('Running', ({ operations }) =>
      operations.some(({ id, kind }) => kind === 'restore' && !known.has(id)),
    );
  }

  /** All at once, as the cluster sees it: it is paused meanwhile. */
  private async loseServers(): Promise<void> {
    await this.ask('pause');
    await this.seen('paused', ({ paused, operation }) => paused && operation === null);
    const servers = (await this.status()).nodes.filter(({ role }) => role === 'server');
    for (const { instanceId } of servers)
      await fetch(`${this.cell.region.url}/_region/instances/${instanceId}/terminate?hard`, { method: 'POST' });
  }

  private async seeLoss(): Promise<void> {
    await this.ask('resume');
    await this.seen('QuorumLost', ({ lastError, operation }) => lastError?.code === 'QuorumLost' && operation === null);
  }

  /** Until it is known that the backup is proven. A worker that dies is no reason for another answer. */
  async drill(): Promise<void> {
    const { last: before } = (await this.status()).drill;
    await this.ask('drill');
    await this.settled(
      'Running',
      ({ drill }) => !drill.asked && drill.running === null && drill.last?.endedAt !== before?.endedAt,
    );
    const { last } = (await this.status()).drill;
    if (last?.problem != null) throw new Error(`the drill failed: ${last.problem.code}: ${last.problem.message}`);
  }

  async rotate(what: Rotation): Promise<void> {
    await this.ask('rotate', { what });
    await this.settled('Running');
  }

  async delete(): Promise<void> {
    // A signal waits for a worker for as long as it takes.
    await this.handle.signal('delete', { confirm: this.name });
    await this.deleted();
  }

  /**
   * Sends a request and waits for nothing but the answer; an apply is of the present shape, and makes the cluster if need be. Sent again,
   * as a person would, while no one answers.
   */
  async ask(verb: RequestName, payload: Record<string, unknown> = {}, restoreFrom?: RestoreFrom): Promise<void> {
    let stored = false;
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      try {
        const { heard } =
          verb === 'apply'
            ? await this.clusters.apply(this.document(), 'chaos', restoreFrom && { restoreFrom })
            : await this.clusters.request(this.name, verb, { ...payload, requestedBy: 'chaos' });
        this.heard = heard;
        return;
      } catch (error) {
        const { exitCode } = toCliError(error);
        // The next worker has carried out what was stored, and refuses to do it twice.
        if (stored && exitCode === EXIT.refused) {
          this.heard = await this.status();
          return;
        }
        stored ||= exitCode === EXIT.stored;
        if (!(isUnreachable(error) || exitCode === EXIT.stored) || Date.now() > deadline) throw error;
      }
      await this.cell.ready();
      await sleep(200);
    }
  }

  /** Until it is gone. */
  async deleted(): Promise<void> {
    await this.watched(() => this.inTime(this.handle.result(), 'deleted'));
  }

  /** Gives the cluster up, for what follows not to depend on it. */
  async abandon(): Promise<void> {
    await this.handle.terminate('the fault campaign gave it up').catch(() => undefined);
  }

  /** All texts that Temporal keeps of it, also those in payloads. */
  async history(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let runId = this.firstRun; runId !== null; ) {
      const history = await this.client.workflow.getHandle(`cluster/${this.name}`, runId).fetchHistory();
      collect(history.events, parts);
      runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? null;
    }
    return Buffer.concat(parts);
  }

  /** Asked again, as a person would, while no worker answers: for as long as an operation may take. */
  async status(): Promise<StatusView> {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      try {
        return await this.clusters.status(this.name);
      } catch (error) {
        if (!isUnreachable(error) || Date.now() > deadline) throw error;
      }
      await this.cell.ready();
      await sleep(200);
    }
  }

  /**
   * The nodes once they were observed: a worker that has taken over from a dead one observes them when the operation has ended. Whatever is not
   * observed within the time of an operation stays Unknown.
   */
  async observedNodes(): Promise<StatusView['nodes']> {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const { nodes } = await this.status();
      if (nodes.every(({ ready }) => ready !== 'Unknown') || Date.now() > deadline) return nodes;
      await sleep(500);
    }
  }

  /** Until what was asked for last is so. */
  async settled(phase: StatusView['phase'], holds: (status: StatusView) => boolean = () => true): Promise<void> {
    await this.seen(phase, (status) => {
      this.letGoOn(status);
      return isSettled(status, phase) && holds(status);
    });
  }

  /** Until the status is so, also of a cluster that carries out nothing: it is paused, or waits for a person. */
  private async seen(what: string, holds: (status: StatusView) => boolean): Promise<void> {
    const wait = this.asking === 'query' ? this.asked(holds) : this.followed(holds);
    await this.watched(() => this.inTime(wait, what));
  }

  /** As a person who knows why so many nodes were lost: the replacement rate limit is not what is tried here. */
  private letGoOn(status: StatusView): void {
    if (status.lastError?.code !== 'RepairRateLimited' || this.letting) return;
    this.letting = true;
    void this.ask('repair')
      .catch(() => undefined)
      .finally(() => {
        this.letting = false;
      });
  }

  private async followed(isThere: (status: StatusView) => boolean): Promise<void> {
    const source = {
      executionInfo: (name: string) => this.clusters.executionInfo(name),
      ask: (name: string) => this.clusters.status(name),
      refusal: (name: string) => this.clusters.refusal(name),
      stored: createStatusReader(() => Promise.resolve(this.cell.bucket)),
    };
    for await (const status of follow(source, this.name, this.heard, this.over.signal, () => undefined)) {
      this.last = lastOf(status);
      this.moved.hear(status);
      if (isThere(status)) return;
    }
    throw new Unreached(`${this.name} has ended`);
  }

  private async asked(isThere: (status: StatusView) => boolean): Promise<void> {
    while (!this.over.signal.aborted) {
      try {
        const status = await this.status();
        this.last = lastOf(status);
        this.moved.hear(status);
        if (isThere(status)) return;
      } catch (error) {
        // No worker answers just now.
        this.last = String(error);
      }
      await sleep(200);
    }
  }

  private async inTime<T>(waited: Promise<T>, what: string): Promise<void> {
    const progress = new Progress();
    this.moved = progress;
    try {
      await Promise.race([
        waited,
        progress.ended(this.cell, this.over.signal).then((why) => {
          throw new Unreached(`${this.name} is not ${what}: ${why}: ${this.last}`);
        }),
      ]);
    } finally {
      this.over.abort();
      this.over = new AbortController();
    }
  }

  private async watched(wait: () => Promise<void>): Promise<void> {
    const end = this.asking === 'watch' ? watchByCommand(this.cell, this.name) : null;
    try {
      await wait();
    } finally {
      await end?.();
    }
  }

  private document(): ClusterDocument {
    const { mode, agents, serverType, disable, automatic } = this.shape;
    const parsed = parseDocument({
      apiVersion: 'keelson/v1',
      kind: 'Cluster',
      metadata: { name: this.name },
      spec: {
        region: 'eu-west-1',
        mode,
        servers: { instanceType: serverType },
        pools: agents === 0 ? [] : [{ name: 'workers', count: agents, instanceType: 't3.large' }],
        k3s: { version: 'v1.34.2+k3s1', config: { disable: [disable] } },
        // Its schedule fires in the new year: backups are those that are asked for.
        ...(automatic && { backup: { restore: 'automatic', schedule: '0 0 1 1 *' } }),
      },
    });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.violations));
    return parsed.document;
  }
}

const isSettled = (status: StatusView, phase: StatusView['phase']): boolean =>
  status.phase === phase && status.operation === null && status.observedGeneration === status.specGeneration;

const lastOf = ({ phase, waiting, lastError }: StatusView): string =>
  `${phase}, ${JSON.stringify(waiting)}, ${JSON.stringify(lastError)}`;

/** Texts and bytes anywhere in the value. */
function collect(value: unknown, parts: Buffer[]): void {
  if (typeof value === 'string') parts.push(Buffer.from(value));
  else if (value instanceof Uint8Array) parts.push(Buffer.from(value));
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) collect(one, parts);
}
