import { randomUUID } from 'node:crypto';
import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import type { SearchAttribute } from '../../config/search-attributes.js';
import { keptBackupsIdOf } from '../../model/backup/kept.js';
import { blankState } from '../../model/blank-state.js';
import { workflowIdOf } from '../../model/execution.js';
import { fingerprint } from '../../model/k3s/fingerprint.js';
import { plan } from '../../model/plan/index.js';
import type { RequestName } from '../../model/requests/decide.js';
import type { RestoreFrom } from '../../model/restore/state.js';
import type { Retry } from '../../model/retry.js';
import type { Rotation } from '../../model/rotation/state.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { ClusterEvent } from '../../model/state.js';
import type { StatusView } from '../../model/status.js';
import { watchId } from '../../model/watch/place.js';
import { applyDocument } from '../../temporal/apply.js';
import { namespaceIdOf } from '../../temporal/namespace.js';
import type { Accepted, DeletionProof } from '../../workflows/cluster/messages.js';
import type { PreflightInput, PreflightResult } from '../../workflows/preflight.js';
import { isUnanswered, isUnreachable, toCliError } from '../errors.js';
import { type CliError, EXIT } from '../exit.js';
import type { Owner } from '../orphans/judge.js';
import type { ListedCluster } from '../views/list.js';
import type { IdentifiedPlan } from '../views/plan.js';
import { missing, refusedAtStart, stored } from './errors.js';
import { type ExecutionInfo, executionInfoOf } from './execution-info.js';
import { listClusters } from './list.js';
import { retriesOf } from './retries.js';

/** A worker answers queries and updates within milliseconds; none for so long means that none is there. */
const ANSWER_MS = 15_000;

/** `TASK_QUEUE_TYPE_WORKFLOW`. [temporal api: enums] */
const WORKFLOW_TASKS = 1;

/** A thousand backups at S3's pace. */
const DELETED_MS = 5 * 60_000;

/** The clusters of a Temporal namespace, as their workflows tell of them. */
export class Clusters {
  constructor(
    private readonly client: Client,
    readonly taskQueue: string,
  ) {}

  /** Returns the Temporal server's own id of the namespace. */
  namespaceId(): Promise<string> {
    return this.timely(namespaceIdOf(this.client));
  }

  async close(): Promise<void> {
    await this.client.connection.close();
  }

  /** Returns the status of a cluster that exists, or null. */
  async find(name: string): Promise<StatusView | null> {
    return (await this.isOpen(name)) ? await this.status(name) : null;
  }

  /** @throws CliError `missing` when there is no such cluster (any more) */
  async get(name: string): Promise<StatusView> {
    const status = await this.find(name);
    if (status === null) throw await this.absence(name);
    return status;
  }

  /** @throws CliError `missing` when there is no such cluster (any more) */
  async requireOpen(name: string): Promise<void> {
    if (!(await this.isOpen(name))) throw await this.absence(name);
  }

  private async absence(name: string): Promise<CliError> {
    const why = await this.handle(name)
      .describe()
      .catch(() => null);
    if (why?.status.name !== 'FAILED') return missing(name);
    const failure = await this.timely(() => this.handle(name).result()).then(() => null, toCliError);
    return failure === null ? missing(name) : refusedAtStart(name, failure);
  }

  /** Asks the workflow, whether it has ended or not. */
  async status(name: string, withinMs = ANSWER_MS): Promise<StatusView> {
    return await this.timely(() => this.handle(name).query<StatusView>('status'), withinMs);
  }

  /** Returns when a worker has last asked for work, in milliseconds since 1970; null when Temporal knows of none. */
  async lastPoll(): Promise<number | null> {
    const { pollers } = await this.timely(() =>
      this.client.workflowService.describeTaskQueue({
        namespace: this.client.options.namespace,
        taskQueue: { name: this.taskQueue },
        taskQueueType: WORKFLOW_TASKS,
      }),
    );
    const times = (pollers ?? []).map((one) => Number(one.lastAccessTime?.seconds ?? 0) * 1_000);
    return times.length === 0 ? null : Math.max(...times);
  }

  /** Returns whether the workflow that observes a region runs. Asks Temporal, not the workflow. @param account null for the worker's own */
  async isRegionWatched(region: string, account: string | null): Promise<boolean> {
    return await this.runs(watchId(region, account));
  }

  /** Returns what has happened lately, oldest first. Asks the workflow, whether it has ended or not. */
  async events(name: string): Promise<ClusterEvent[]> {
    return await this.timely(() => this.handle(name).query<ClusterEvent[]>('events'));
  }

  /** Returns which execution of the name runs, or was the last. Asks Temporal, not the workflow. */
  async executionInfo(name: string): Promise<ExecutionInfo> {
    return executionInfoOf(await this.handle(name).describe());
  }

  /** Returns the document in force. Asks the workflow. */
  async document(name: string): Promise<ClusterDocument> {
    return await this.timely(() => this.handle(name).query<ClusterDocument>('document'));
  }

  /** Returns what Temporal tries again for the cluster. Asks Temporal, not the workflow. */
  async retries(name: string): Promise<Retry[]> {
    const description = await this.timely(() => this.handle(name).describe());
    return await retriesOf(description, this.client.options.loadedDataConverter);
  }

  /** Returns whether someone manages what carries the name. Asks the workflow itself: the visibility store lags behind. */
  async owner(name: string): Promise<Owner> {
    try {
      const { status, closeTime } = await this.handle(name).describe();
      if (status.name !== 'RUNNING')
        return { kind: 'ended', status: status.name, at: closeTime?.toISOString() ?? null };
      const { uid, nodes, observedGeneration, drill } = await this.status(name);
      // Until it has looked for what an earlier life has left, its uid may change to that of what it finds.
      return { kind: 'open', uid, decided: nodes.length > 0 || observedGeneration > 0, drills: drill.running !== null };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { kind: 'never' };
      if (isUnreachable(error)) return { kind: 'silent' };
      throw error;
    }
  }

  /** Returns what `apply` of the document would do to the cluster, or to nothing when it does not exist yet. */
  async plan(document: ClusterDocument): Promise<IdentifiedPlan> {
    const { name } = document.metadata;
    if (await this.isOpen(name)) {
      return await this.timely(() => this.handle(name).query<IdentifiedPlan, [unknown]>('plan', { document }));
    }
    const fresh = plan({ ...blankState(document), document });
    return { ...fresh, id: fingerprint(JSON.stringify(fresh)) };
  }

  /**
   * Returns what the worker would be refused by AWS, or by its operator, if it made the cluster now; null for nothing. Makes nothing.
   *
   * @throws CliError when no worker answers within a few seconds
   */
  async preflight(input: PreflightInput): Promise<PreflightResult> {
    const { name } = input.document.metadata;
    const args: [PreflightInput] = [input];
    const handle = await this.client.workflow.start<(input: PreflightInput) => Promise<PreflightResult>>('preflight', {
      workflowId: `preflight/${name}/${randomUUID()}`,
      taskQueue: this.taskQueue,
      args,
      workflowExecutionTimeout: '30s',
      staticSummary: `Asks the account for what a launch of ${name} depends on`,
    });
    return await this.timely(() => handle.result());
  }

  /** Returns what a rotation would do to a cluster that exists. */
  async planRotation(name: string, what: Rotation): Promise<IdentifiedPlan> {
    return await this.timely(() => this.handle(name).query<IdentifiedPlan, [unknown]>('plan', { what }));
  }

  /**
   * Starts the cluster's workflow, or tells the one that exists; in one call, so that two who apply at once do not collide.
   *
   * @param options `planId`: only if the plan is still that one; `adopt`: uid that a new workflow takes over although another workflow owns it;
   * `restoreFrom`: backup that it makes the cluster from, which must not exist yet
   * @throws CliError `stored` when no worker answers, or what the workflow refuses
   */
  async apply(
    document: ClusterDocument,
    requestedBy: string,
    {
      planId,
      adopt,
      restoreFrom,
    }: { planId?: string | undefined; adopt?: string | undefined; restoreFrom?: RestoreFrom } = {},
  ): Promise<Accepted> {
    const request = {
      requestedBy,
      requestId: randomUUID(),
      ...(planId === undefined ? {} : { planId }),
      ...(adopt === undefined ? {} : { adopt }),
      ...(restoreFrom === undefined ? {} : { restoreFrom }),
    };
    return await this.answeredOrStored(document.metadata.name, 'apply', { ...request, document }, () =>
      applyDocument(this.client, this.taskQueue, document, request),
    );
  }

  /** @throws CliError `missing`, `stored` when no worker answers, or what the workflow refuses */
  async request(name: string, command: RequestName, payload: Record<string, unknown>): Promise<Accepted> {
    await this.requireOpen(name);
    const request = { ...payload, requestId: randomUUID() };
    return await this.answeredOrStored(name, command, request, () =>
      this.handle(name).executeUpdate<Accepted, [unknown]>(command, { args: [request], updateId: request.requestId }),
    );
  }

  /**
   * Temporal keeps an update that no worker has taken in memory alone [docs: Temporal, workflow message passing]. A signal of the same
   * request id makes it last, and the workflow hears only the first of the two.
   */
  private async answeredOrStored(
    name: string,
    command: RequestName,
    request: { requestId: string } & Record<string, unknown>,
    ask: () => Promise<Accepted>,
  ): Promise<Accepted> {
    try {
      return await this.timely(ask);
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      await this.timely(() => this.handle(name).signal(command, request));
      throw stored(name, command, { taskQueue: this.taskQueue, waitedMs: ANSWER_MS }, error);
    }
  }

  /** Resolves when the cluster is gone. */
  async proof(name: string): Promise<DeletionProof> {
    return await this.handle(name).result();
  }

  /** Returns why a workflow that has ended was refused, or null when it was not. */
  async refusal(name: string): Promise<CliError | null> {
    try {
      await this.timely(() => this.handle(name).result());
      return null;
    } catch (error) {
      const refused = toCliError(error);
      return refused.exitCode === EXIT.refused ? refused : null;
    }
  }

  /** Deletes the backups of one life of a name, whose cluster is gone; resolves when they are. @returns how many there were */
  async deleteBackups(cluster: string, uid: string): Promise<number> {
    const handle = await this.client.workflow.signalWithStart('kept-backups', {
      workflowId: keptBackupsIdOf(cluster, uid),
      taskQueue: this.taskQueue,
      args: [{ cluster, uid, region: '', until: new Date().toISOString() }],
      signal: 'deleteNow',
      staticSummary: `Deletes the backups of ${cluster}`,
    });
    const { removed } = (await this.timely(() => handle.result(), DELETED_MS)) as { removed: number };
    return removed;
  }

  /** Events of the workflow's history so far. */
  async historyLength(name: string): Promise<number> {
    return (await this.handle(name).describe()).historyLength;
  }

  /** Returns all clusters that exist, by the visibility store alone: no workflow is asked. */
  async list(filters: Partial<Record<SearchAttribute, string>> = {}): Promise<ListedCluster[]> {
    return await listClusters(this.client, filters);
  }

  handle(name: string): WorkflowHandle<(input: unknown) => Promise<DeletionProof>> {
    return this.client.workflow.getHandle(workflowIdOf(name));
  }

  private async isOpen(name: string): Promise<boolean> {
    return await this.runs(workflowIdOf(name));
  }

  private async runs(workflowId: string): Promise<boolean> {
    try {
      return (await this.client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  private timely<T>(ask: () => Promise<T>, withinMs = ANSWER_MS): Promise<T> {
    return this.client.withDeadline(Date.now() + withinMs, ask);
  }
}
