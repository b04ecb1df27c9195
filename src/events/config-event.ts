import { type Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Bucket, StoredText } from '../aws/bucket.js';
import { detailOf } from '../aws/failure.js';
import { problemText, readDocument } from '../document/read.js';
import { BUCKET_KEY, bucketKeyOf, TOLD_BY } from '../model/bucket.js';
import { workflowIdOf } from '../model/execution.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import type { ConfigProblem } from '../model/state.js';
import { applyDocument } from '../temporal/apply.js';

/** Sender of the request, for operations and history. */
const REQUESTED_BY = 'config.yaml in the bucket';
const ANSWER_MS = 15_000;
/** How many problems a condition names; it counts the rest. */
const SHOWN = 5;

export type ConfigOutcome = 'applied' | 'refused' | 'invalid' | 'passed over' | 'no one to tell';

/**
 * Puts a document from the bucket into force, as `keelson apply` would. The present object counts, not the event: a repeated, late or
 * disordered event finds the same object, whose version the cluster remembers.
 */
export class ConfigEvents {
  constructor(
    private readonly client: Client,
    private readonly taskQueue: string,
    private readonly bucket: Bucket,
  ) {}

  async handle(cluster: string): Promise<ConfigOutcome> {
    const key = bucketKeyOf(cluster, BUCKET_KEY.config);
    const stored = await this.#read(key);
    if (stored === 'too large')
      return this.#tell(
        cluster,
        { reason: 'Invalid', message: `${key}: is larger than any document (at most 256 KiB)` },
        'invalid',
      );
    // Deleted meanwhile; or written by `keelson apply`, which notifies the workflow itself.
    if (stored === null || stored.metadata[TOLD_BY] !== undefined) return 'passed over';
    const read = readDocument(stored.text, key);
    if (!read.ok) {
      const shown = read.problems.slice(0, SHOWN).map(problemText);
      const more = read.problems.length - shown.length;
      const message = [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
      return this.#tell(cluster, { reason: 'Invalid', message }, 'invalid');
    }
    const { name } = read.document.metadata;
    if (name !== cluster) {
      const message = `${key}: metadata.name is ${name}, but this is the place of ${cluster}'s document`;
      return this.#tell(cluster, { reason: 'Invalid', message }, 'invalid');
    }
    return this.#apply(read.document, stored.version);
  }

  async #read(key: string): Promise<StoredText | null | 'too large'> {
    try {
      return await this.bucket.get(key);
    } catch (error) {
      if (error instanceof ApplicationFailure && detailOf(error).code === 'ObjectTooLarge') return 'too large';
      throw error;
    }
  }

  async #apply(document: ClusterDocument, configVersion: string): Promise<ConfigOutcome> {
    try {
      await this.client.withDeadline(Date.now() + ANSWER_MS, () =>
        applyDocument(this.client, this.taskQueue, document, { requestedBy: REQUESTED_BY, configVersion }),
      );
      return 'applied';
    } catch (error) {
      const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
      if (!(cause instanceof ApplicationFailure)) throw error;
      return this.#tell(document.metadata.name, { reason: 'Refused', message: cause.message }, 'refused');
    }
  }

  async #tell(cluster: string, problem: ConfigProblem, outcome: ConfigOutcome): Promise<ConfigOutcome> {
    try {
      await this.client.workflow.getHandle(workflowIdOf(cluster)).signal('config', problem);
      return outcome;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'no one to tell';
      throw error;
    }
  }
}
