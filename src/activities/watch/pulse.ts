import {
  ListCommandsCommand,
  paginateListCommandInvocations,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { detailOf, toFailure } from '../../aws/failure.js';
import type { InstallationSource } from '../../aws/installation.js';
import { MAX_SERVERS, slotName } from '../../model/ids.js';
import type { ErrorNote } from '../../model/observation-failure.js';
import { TAG } from '../../model/tags.js';
import { fromNode } from '../../node/from-node.js';
import { renderPulse } from '../../node/render.js';
import type { Attempt } from '../attempt.js';

/**
 * Between two questions to the servers; with the wait for the next tick, and the second look that makes sure, less than the minute within which
 * the cause is told.
 */
const EVERY_MS = 30_000;
/** A question that could not be put is put again after this, and then less often. */
const AGAIN_MS = 3_000;
const LONGEST_AGAIN_MS = 40_000;
/** So many that failed in a row count, of those that may pass. */
const FAILURES = 2;
/** SSM's least; a server that cannot be reached in time is left to the list of agents. [docs: SSM SendCommand] */
const DELIVERY_SECONDS = 30;
const EXECUTION_SECONDS = 25;
/** From the command to its last answer. */
const PATIENCE_MS = 40_000;
const PAUSE_MS = 2_000;

/**
 * Asks all servers of a region twice a minute whether their K3s is well: one command by tags, however many clusters there are. Only answers
 * of those that are not well are read.
 */
export class Pulse {
  /** What servers said is wrong, by instance, the last time that they were asked. */
  unwell: ReadonlyMap<string, string> = new Map();
  /** Why they cannot be asked; null when they can, undefined while that is not known. */
  failure: Omit<ErrorNote, 'since'> | null | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(
    private readonly ssm: SSMClient,
    private readonly installation: InstallationSource,
    private readonly attempt: Pick<Attempt, 'signal' | 'sleep'>,
  ) {}

  /**
   * Asks if it is time to.
   *
   * @returns whether that has changed what is known: whether they can be asked at all, and what they say
   * @throws the signal's reason, nothing else; while AWS refuses, what was known before stays
   */
  async ask(): Promise<boolean> {
    if (Date.now() < this.#dueAt) return false;
    this.#dueAt = Date.now() + EVERY_MS;
    const before = { failure: this.failure?.code, unwell: textOf(this.unwell) };
    try {
      await this.#question();
      this.failure = null;
      this.#failures = 0;
    } catch (error) {
      if (this.attempt.signal.aborted) throw this.attempt.signal.reason;
      this.#failures += 1;
      this.#dueAt = Date.now() + Math.min(LONGEST_AGAIN_MS, AGAIN_MS * 2 ** (this.#failures - 1));
      const { code, class: errorClass, message, advice } = detailOf(toFailure(error, 'the pulse of K3s'));
      if (!PASSING.has(errorClass) || this.#failures >= FAILURES)
        this.failure = { code, class: errorClass, message, hint: advice };
    }
    return this.failure?.code !== before.failure || textOf(this.unwell) !== before.unwell;
  }

  async #question(): Promise<void> {
    const id = await this.#send();
    const until = Date.now() + PATIENCE_MS;
    let failed = 0;
    for (;;) {
      await this.attempt.sleep(PAUSE_MS);
      const { Commands: [command] = [] } = await called('ListCommands', () =>
        this.ssm.send(new ListCommandsCommand({ CommandId: id })),
      );
      failed = command?.ErrorCount ?? 0;
      const { TargetCount: targets = 0, CompletedCount: completed = 0, Status: status = 'Pending' } = command ?? {};
      if (status !== 'Pending' && status !== 'InProgress' && completed >= targets) break;
      if (Date.now() > until) break;
    }
    this.unwell = failed === 0 ? new Map() : await this.#answers(id);
  }

  async #send(): Promise<string> {
    const { id: installation } = await this.installation();
    const slots = Array.from({ length: MAX_SERVERS }, (_, index) => slotName(null, index));
    const { Command: command } = await called('SendCommand', () =>
      this.ssm.send(
        new SendCommandCommand({
          DocumentName: 'AWS-RunShellScript',
          Targets: [
            { Key: `tag:${TAG.installation}`, Values: [installation] },
            { Key: `tag:${TAG.slot}`, Values: slots },
          ],
          Comment: 'keelson pulse',
          TimeoutSeconds: DELIVERY_SECONDS,
          // By default fifty at a time, and none after the first that is not well. [docs: SSM SendCommand]
          MaxConcurrency: '100%',
          MaxErrors: '100%',
          Parameters: { commands: [renderPulse()], executionTimeout: [String(EXECUTION_SECONDS)] },
        }),
      ),
    );
    return command?.CommandId ?? '';
  }

  async #answers(CommandId: string): Promise<ReadonlyMap<string, string>> {
    const unwell = new Map<string, string>();
    await called('ListCommandInvocations', async () => {
      const pages = paginateListCommandInvocations(
        { client: this.ssm, pageSize: 50 },
        { CommandId, Details: true, Filters: [{ key: 'Status', value: 'Failed' }] },
      );
      for await (const page of pages) {
        for (const { InstanceId: id, CommandPlugins: [plugin] = [] } of page.CommandInvocations ?? []) {
          const words = wordsOf(plugin?.Output ?? '');
          if (id !== undefined && words !== '') unwell.set(id, words);
        }
      }
    });
    return unwell;
  }
}

const PASSING: ReadonlySet<string> = new Set(['throttled', 'transient', 'not-found-yet']);

const textOf = (unwell: ReadonlyMap<string, string>): string => JSON.stringify([...unwell].sort());

/** The script's own lines; whatever SSM puts around them, e.g. `failed to run commands: exit status 3`, changes nothing. */
function wordsOf(output: string): string {
  const lines = output.split('\n').filter((line) => /^(service|readyz|voters|notready|etcd)=/.test(line));
  return fromNode(lines.join(' '));
}

async function called<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toFailure(error, `${action} for the pulse of K3s`);
  }
}
