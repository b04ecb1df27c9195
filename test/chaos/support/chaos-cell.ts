import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Bucket, createBucket } from '#src/aws/bucket.js';
import { createAwsClients } from '#src/aws/clients.js';
import { localEnvironment } from '#src/config/local-env.js';
import { CREDENTIALS, type KeyPair } from '../../../packages/aws-simulator/src/credentials.js';
import type { CallEntry } from '../../../packages/aws-simulator/src/record.js';
import type { Region } from '../../../packages/aws-simulator/src/server.js';
import type { Child, Children } from '../../../packages/local-stack/src/children.js';
import { Boundaries, type Boundary } from './boundary.js';
import { keyVariables, localVariables, startRegion, startWorker } from './built.js';
import { begunTwice, countingHost, scriptRuns } from './script-counter.js';

/** As whom the worker of a second installation calls AWS. */
export const SECOND_CALLER = 'admin';

/** Sees every call of the cell's workers; the call waits for it. What it throws keeps the call from being carried out. */
export type Watch = (moment: 'before' | 'after', boundary: Boundary, entry: CallEntry) => void | Promise<void>;

/**
 * A region of its own, and workers that serve nothing but it: what is done to them reaches no other cell. Cells share a
 * Temporal server; each has its own task queue, and its own namespace.
 */
export class ChaosCell {
  /** Findings that were reported before. */
  readonly told = new Set<string>();
  /** As someone's who waits; its calls are no boundaries. */
  readonly bucket: Bucket;
  private watch: Watch | null = null;
  private current: Child | null = null;
  /** Settles when the worker that follows a killed one polls. */
  private revived: Promise<unknown> = Promise.resolve();
  /** The worker that was seen to poll last. */
  private polling: Child | null = null;

  private second: ChaosCell | null = null;

  private constructor(
    private readonly children: Children,
    readonly dir: string,
    readonly taskQueue: string,
    readonly region: Region,
    readonly boundaries: Boundaries,
    readonly env: Record<string, string | undefined>,
    credentials: KeyPair,
  ) {
    const clients = createAwsClients({ homeRegion: 'eu-west-1', version: 'chaos', endpoint: region.url, credentials });
    this.bucket = createBucket(clients, env['KEELSON_BUCKET'] ?? '');
  }

  static async open(
    children: Children,
    { temporal, namespace }: { temporal: string; namespace: string },
    dir: string,
    taskQueue: string,
  ): Promise<ChaosCell> {
    mkdirSync(dir, { recursive: true });
    let cell: ChaosCell | null = null;
    const names = new WeakMap<CallEntry, Boundary | null>();
    const region = await startRegion({
      dir: join(dir, 'region'),
      profile: 'fast',
      createHost: countingHost(join(dir, 'script-runs')),
      onCall: async (moment, entry) => {
        const caller = entry.caller === SECOND_CALLER ? cell?.second : cell;
        if (!caller) return;
        if (moment === 'before') names.set(entry, caller.boundaries.of(entry));
        const boundary = names.get(entry) ?? null;
        if (boundary !== null) await caller.watch?.(moment, boundary, entry);
      },
    });
    const variables = localVariables({
      temporal,
      region: region.url,
      k3sMirror: `${region.url}/_mirror`,
      eventsQueue: region.queueUrl,
    });
    const env = {
      ...localEnvironment(process.env, { ...variables, ...keyVariables('worker') }),
      TEMPORAL_NAMESPACE: namespace,
      KEELSON_TASK_QUEUE: taskQueue,
      KEELSON_LOG_LEVEL: 'info',
    };
    const tagsOf = (id: string): Record<string, string> | undefined => region.world.instances.get(id)?.tags;
    cell = new ChaosCell(children, dir, taskQueue, region, new Boundaries(tagsOf), env, CREDENTIALS.user);
    // Finds out where the bucket is: that call is not to be taken for a worker's later.
    await Promise.all([cell.startWorker(), cell.bucket.check()]);
    return cell;
  }

  /**
   * Another installation in the same account and region, with a bucket, a worker and a Temporal namespace of its own. The simulator has one stack, so
   * this one's calls are an administrator's: what keeps the two apart is Keelson alone.
   */
  async beside(namespace: string, installation: string): Promise<ChaosCell> {
    const bucket = `keelson-${installation}`;
    this.region.s3.buckets.create(bucket, 'eu-west-1');
    const env = {
      ...this.env,
      // The one queue of the simulator is the first installation's.
      KEELSON_EVENTS_QUEUE_URL: undefined,
      ...keyVariables(SECOND_CALLER),
      TEMPORAL_NAMESPACE: namespace,
      KEELSON_BUCKET: bucket,
      KEELSON_INSTALLATION: installation,
      KEELSON_TASK_QUEUE: `${this.taskQueue}-${installation}`,
    };
    const dir = join(this.dir, installation);
    mkdirSync(dir, { recursive: true });
    const tagsOf = (id: string): Record<string, string> | undefined => this.region.world.instances.get(id)?.tags;
    const boundaries = new Boundaries(tagsOf);
    const cell = new ChaosCell(
      this.children,
      dir,
      env.KEELSON_TASK_QUEUE,
      this.region,
      boundaries,
      env,
      CREDENTIALS[SECOND_CALLER],
    );
    this.second = cell;
    await Promise.all([cell.startWorker(), cell.bucket.check()]);
    return cell;
  }

  /** @param watch null ends it. @param which whether deaths at the queue of events count as well */
  watchCalls(watch: Watch | null, which: 'calls' | 'and events' = 'calls'): void {
    this.boundaries.reset(which === 'and events');
    this.watch = watch;
  }

  get worker(): Child {
    if (this.current === null) throw new Error(`${this.taskQueue} has no worker`);
    return this.current;
  }

  get logFile(): string {
    return join(this.dir, 'worker.log');
  }

  /** Another worker; one that runs is left as it is. It is this cell's from the first moment of its process: it calls AWS before it polls, and may be killed there. */
  async startWorker(env: Record<string, string> = {}): Promise<Child> {
    const children: Children = {
      ...this.children,
      start: (options) => {
        this.current = this.children.start(options);
        return this.current;
      },
    };
    this.polling = await startWorker(children, { ...this.env, ...env }, this.dir);
    return this.polling;
  }

  /** Whether the worker has got to the point where it takes work. */
  get polls(): boolean {
    return this.polling !== null && this.polling === this.current;
  }

  /** SIGKILL. Resolves when the process is gone; another one is being started then. */
  async killWorker(): Promise<void> {
    const { worker } = this;
    worker.kill('SIGKILL');
    await worker.ended;
    this.revived = this.startWorker();
    // Told by `settled`.
    this.revived.catch(() => undefined);
  }

  /** Until the worker that replaces a killed one polls. */
  async ready(): Promise<void> {
    await this.revived;
  }

  /** Scripts that were begun more than once on a node. */
  scriptsRunTwice(): string[] {
    return begunTwice(scriptRuns(join(this.dir, 'script-runs')));
  }

  scriptsRun(): number {
    return scriptRuns(join(this.dir, 'script-runs')).size;
  }

  /** GET of the region's admin interface. */
  async ask<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.region.url}/_region/${path}`);
    if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`);
    return (await answer.json()) as T;
  }

  async close(): Promise<void> {
    await this.second?.stopWorker();
    await this.stopWorker();
    await this.region.close();
  }

  private async stopWorker(): Promise<void> {
    this.watch = null;
    await this.ready().catch(() => undefined);
    await this.current?.stop();
  }
}
