import type { Client, WorkflowHandle } from '@temporalio/client';
import type { StatusView } from '../../../src/model/status.js';
import type { Cell } from './cell.js';

/** What a cluster is to be. */
export interface Shape {
  mode: 'dev' | 'ha';
  agents: number;
  serverType: string;
  disable: string;
}

/** How long an operation may take: undisturbed, on a machine that has much else to do, and for each worker that is killed in it. */
const LIMIT_MS = 120_000;
const LIMIT_A_KILL_MS = 45_000;

/** The wanted state was not reached. */
export class Unreached extends Error {}

/** One cluster in a cell, asked as a person asks. */
export class ChaosCluster {
  shape: Shape;
  private firstRun: string | null = null;
  private limitMs = LIMIT_MS;

  constructor(
    private readonly client: Client,
    readonly cell: Cell,
    readonly name: string,
    mode: 'dev' | 'ha',
    /** Asks for the status also while something is under way, as `status --watch` does. */
    private readonly asksAlways: boolean,
  ) {
    this.shape = { mode, agents: 0, serverType: 't3.medium', disable: 'traefik' };
  }

  private get handle(): WorkflowHandle {
    return this.client.workflow.getHandle(`cluster/${this.name}`);
  }

  /** Of the next operation. */
  allow(kills: number): void {
    this.limitMs = LIMIT_MS + kills * LIMIT_A_KILL_MS;
  }

  async create(): Promise<void> {
    await this.begin();
    await this.settled('Running');
  }

  /** Asks for it, and waits for nothing. */
  async begin(): Promise<void> {
    const handle = await this.client.workflow.start('cluster', {
      workflowId: `cluster/${this.name}`,
      taskQueue: this.cell.taskQueue,
      args: [this.document()],
    });
    this.firstRun = handle.firstExecutionRunId;
  }

  async stop(): Promise<void> {
    await this.request('stop', {});
    await this.settled('Stopped');
  }

  async start(): Promise<void> {
    await this.request('start', {});
    await this.settled('Running');
  }

  async resize(instanceType: string): Promise<void> {
    this.shape = { ...this.shape, serverType: instanceType };
    await this.request('resize', { instanceType });
    await this.settled('Running');
  }

  async apply(change: Partial<Shape>): Promise<void> {
    this.shape = { ...this.shape, ...change };
    await this.request('apply', { document: this.document() });
    await this.settled('Running');
  }

  async delete(): Promise<void> {
    await this.handle.signal('delete', {});
    const late = new Promise<never>((_, reject) => {
      setTimeout(
        () => reject(new Unreached(`${this.name} was not deleted in ${this.limitMs / 1000} s`)),
        this.limitMs,
      ).unref();
    });
    await Promise.race([this.handle.result(), late]);
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

  async status(): Promise<StatusView> {
    return await this.handle.query<StatusView, []>('status');
  }

  private async request(name: string, payload: object): Promise<void> {
    await this.handle.executeUpdate(name, { args: [payload] });
  }

  private async settled(phase: StatusView['phase']): Promise<void> {
    const deadline = Date.now() + this.limitMs;
    let last = 'no status';
    while (Date.now() < deadline) {
      try {
        if (!this.asksAlways && (await this.isBusy())) throw new Error('it is at work');
        const status = await this.status();
        if (status.phase === phase && status.operation === null && status.observedGeneration === status.specGeneration)
          return;
        last = `${status.phase}, ${JSON.stringify(status.waiting)}, ${JSON.stringify(status.lastError)}`;
      } catch (error) {
        // No worker answers just now.
        last = String(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Unreached(`${this.name} is not ${phase} after ${this.limitMs / 1000} s: ${last}`);
  }

  /** Without a query, which would make a worker replay the history as far as it goes at that moment. */
  private async isBusy(): Promise<boolean> {
    const { raw } = await this.handle.describe();
    return (raw.pendingActivities ?? []).length > 0 || Boolean(raw.pendingWorkflowTask);
  }

  private document(): Record<string, unknown> {
    const { mode, agents, serverType, disable } = this.shape;
    return {
      apiVersion: 'keelson/v1',
      kind: 'Cluster',
      metadata: { name: this.name },
      spec: {
        region: 'eu-west-1',
        mode,
        servers: { instanceType: serverType },
        pools: agents === 0 ? [] : [{ name: 'workers', count: agents, instanceType: 't3.large' }],
        k3s: { version: 'v1.34.2+k3s1', config: { disable: [disable] } },
      },
    };
  }
}

/** Texts and bytes anywhere in the value. */
function collect(value: unknown, parts: Buffer[]): void {
  if (typeof value === 'string') parts.push(Buffer.from(value));
  else if (value instanceof Uint8Array) parts.push(Buffer.from(value));
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) collect(one, parts);
}
