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
import { fromNode } from '../../node-scripts/from-node.js';
import { renderHealthProbe } from '../../node-scripts/render.js';
import type { ActivityContext } from '../attempt.js';

/**
 * Pause between two probes of the servers; with the wait for the next tick and the confirming observation less than the minute within which
 * Keelson reports the cause.
 */
const EVERY_MS = 30_000;
/** Pause before the repetition of a failed probe; it grows. */
const AGAIN_MS = 3_000;
const LONGEST_AGAIN_MS = 40_000;
/** How many passing failures in a row count. */
const FAILURES = 2;
/** SSM's minimum; the list of agents covers a server that is out of reach. [docs: SSM SendCommand] */
const DELIVERY_SECONDS = 30;
const EXECUTION_SECONDS = 25;
/** Time from the command to its last answer. */
const PATIENCE_MS = 40_000;
const PAUSE_MS = 2_000;

/**
 * Asks all servers of a region twice a minute whether their K3s is healthy: one command by tags, however many clusters there are. It reads
 * only the answers of unhealthy ones.
 */
export class HealthProbe {
  /** Problems that servers reported at the last probe, by instance. */
  unhealthy: ReadonlyMap<string, string> = new Map();
  /** Why the probe fails; null when it works, undefined while that is unknown. */
  failure: Omit<ErrorNote, 'since'> | null | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(
    private readonly ssm: SSMClient,
    private readonly installation: InstallationSource,
    private readonly attempt: Pick<ActivityContext, 'signal' | 'sleep'>,
  ) {}

  /**
   * Probes if it is time to.
   *
   * @returns whether the knowledge has changed: whether the probe works, and what servers say
   * @throws the signal's reason, nothing else; while AWS refuses, the knowledge stays
   */
  async ask(): Promise<boolean> {
    if (Date.now() < this.#dueAt) return false;
    this.#dueAt = Date.now() + EVERY_MS;
    const before = { failure: this.failure?.code, unhealthy: textOf(this.unhealthy) };
    try {
      await this.#question();
      this.failure = null;
      this.#failures = 0;
    } catch (error) {
      if (this.attempt.signal.aborted) throw this.attempt.signal.reason;
      this.#failures += 1;
      this.#dueAt = Date.now() + Math.min(LONGEST_AGAIN_MS, AGAIN_MS * 2 ** (this.#failures - 1));
      const { code, class: errorClass, message, hint } = detailOf(toFailure(error, 'the pulse of K3s'));
      if (!PASSING.has(errorClass) || this.#failures >= FAILURES)
        this.failure = { code, class: errorClass, message, hint: hint };
    }
    return this.failure?.code !== before.failure || textOf(this.unhealthy) !== before.unhealthy;
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
    this.unhealthy = failed === 0 ? new Map() : await this.#answers(id);
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
          // By default fifty at a time, and none after the first that is unhealthy. [docs: SSM SendCommand]
          MaxConcurrency: '100%',
          MaxErrors: '100%',
          Parameters: { commands: [renderHealthProbe()], executionTimeout: [String(EXECUTION_SECONDS)] },
        }),
      ),
    );
    return command?.CommandId ?? '';
  }

  async #answers(CommandId: string): Promise<ReadonlyMap<string, string>> {
    const unhealthy = new Map<string, string>();
    await called('ListCommandInvocations', async () => {
      const pages = paginateListCommandInvocations(
        { client: this.ssm, pageSize: 50 },
        { CommandId, Details: true, Filters: [{ key: 'Status', value: 'Failed' }] },
      );
      for await (const page of pages) {
        for (const { InstanceId: id, CommandPlugins: [plugin] = [] } of page.CommandInvocations ?? []) {
          const words = wordsOf(plugin?.Output ?? '');
          if (id !== undefined && words !== '') unhealthy.set(id, words);
        }
      }
    });
    return unhealthy;
  }
}

const PASSING: ReadonlySet<string> = new Set(['throttled', 'transient', 'not-found-yet']);

const textOf = (unhealthy: ReadonlyMap<string, string>): string => JSON.stringify([...unhealthy].sort());

/** Returns the script's own lines, without what SSM puts around them, e.g. `failed to run commands: exit status 3`. */
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
