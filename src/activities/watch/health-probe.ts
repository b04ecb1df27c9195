import {
  type Command,
  type CommandInvocation,
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

/** Begin of the text for a server that has told nothing; SSM's word for the reason follows. */
const SAID_NOTHING = 'nothing: SSM says ';

/** Returns whether the text says that the server has told nothing. */
export const saidNothing = (text: string): boolean => text.startsWith(SAID_NOTHING);

/**
 * Asks all servers of a region twice a minute whether their K3s is healthy: one command by tags, however many clusters there are. It reads
 * only the answers of unhealthy ones, and which servers have not answered: no one has seen those healthy.
 */
export class HealthProbe {
  /** Problems that servers reported at the last probe, or why they reported nothing, by instance. */
  unhealthy: ReadonlyMap<string, string> = new Map();
  /** Why the probe fails; null when it works, undefined while that is unknown. */
  failure: Omit<ErrorNote, 'since'> | null | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;
  #failures = 0;

  /** @param onNews called when a server reports a problem while others are still awaited */
  constructor(
    private readonly ssm: SSMClient,
    private readonly installation: InstallationSource,
    private readonly attempt: Pick<ActivityContext, 'signal' | 'sleep'>,
    private readonly onNews: () => void = () => undefined,
  ) {}

  /**
   * Probes if it is time to.
   *
   * @returns whether the knowledge has changed: whether the probe works, and what servers say
   * @throws the signal's reason, nothing else; while AWS refuses, the knowledge stays
   */
  async ask(): Promise<boolean> {
    // A clock that no one sets: where the time of day is set back, no server would be asked until it is there again.
    if (performance.now() < this.#dueAt) return false;
    this.#dueAt = performance.now() + EVERY_MS;
    const before = { failure: this.failure?.code, unhealthy: textOf(this.unhealthy) };
    try {
      await this.#question();
      this.failure = null;
      this.#failures = 0;
    } catch (error) {
      if (this.attempt.signal.aborted) throw this.attempt.signal.reason;
      this.#failures += 1;
      this.#dueAt = performance.now() + Math.min(LONGEST_AGAIN_MS, AGAIN_MS * 2 ** (this.#failures - 1));
      const { code, class: errorClass, message, hint } = detailOf(toFailure(error, 'the pulse of K3s'));
      if (!PASSING.has(errorClass) || this.#failures >= FAILURES)
        this.failure = { code, class: errorClass, message, hint: hint };
    }
    return this.failure?.code !== before.failure || textOf(this.unhealthy) !== before.unhealthy;
  }

  /** One agent that takes no command holds the end up by half a minute: what the others report does not wait for it. */
  async #question(): Promise<void> {
    const id = await this.#send();
    const until = performance.now() + PATIENCE_MS;
    const before = this.unhealthy;
    let read = 0;
    for (;;) {
      await this.attempt.sleep(PAUSE_MS);
      const { Commands: [command = {}] = [] } = await called('ListCommands', () =>
        this.ssm.send(new ListCommandsCommand({ CommandId: id })),
      );
      const { TargetCount: targets = 0, CompletedCount: completed = 0, ErrorCount: failed = 0 } = command;
      const status = command.Status ?? 'Pending';
      if ((!UNDER_WAY.has(status) && completed >= targets) || performance.now() > until) {
        this.unhealthy = await this.#answers(id, listsFor(command));
        return;
      }
      if (failed <= read) continue;
      read = failed;
      this.#tell(new Map([...before, ...(await this.#answers(id, ['Failed']))]));
    }
  }

  #tell(unhealthy: ReadonlyMap<string, string>): void {
    const isNew = textOf(unhealthy) !== textOf(this.unhealthy);
    this.unhealthy = unhealthy;
    if (isNew) this.onNews();
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

  /** @param lists statuses of the invocations to read */
  async #answers(CommandId: string, lists: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const unhealthy = new Map<string, string>();
    await called('ListCommandInvocations', async () => {
      for (const value of lists) {
        const pages = paginateListCommandInvocations(
          { client: this.ssm, pageSize: 50 },
          { CommandId, Details: true, Filters: [{ key: 'Status', value }] },
        );
        for await (const page of pages)
          for (const one of page.CommandInvocations ?? [])
            if (one.InstanceId !== undefined) unhealthy.set(one.InstanceId, said(one));
      }
    });
    return unhealthy;
  }
}

const UNDER_WAY: ReadonlySet<string> = new Set(['Pending', 'InProgress']);

/**
 * Returns the statuses of invocations that are worth reading. A denied or undeliverable invocation counts as no error of the command, and still keeps it from
 * `Success`. [docs: SSM command statuses; ListCommandInvocations lists each by its own status]
 */
function listsFor({
  Status: status,
  ErrorCount: failed = 0,
  DeliveryTimedOutCount: undelivered = 0,
}: Command): string[] {
  const isFailed = status === 'Failed';
  return [
    ...(failed > 0 || isFailed ? ['Failed'] : []),
    ...(isFailed ? ['AccessDenied', 'Undeliverable'] : []),
    // An execution that has timed out counts as an error.
    ...(failed > 0 || undelivered > 0 || status === 'TimedOut' ? ['TimedOut'] : []),
  ];
}

function said({ CommandPlugins: [plugin] = [], StatusDetails, Status }: CommandInvocation): string {
  const words = wordsOf(plugin?.Output ?? '');
  return words === '' ? `${SAID_NOTHING}${StatusDetails || Status || 'nothing'}` : words;
}

const PASSING: ReadonlySet<string> = new Set(['throttled', 'transient', 'not-found-yet']);

const textOf = (unhealthy: ReadonlyMap<string, string>): string => JSON.stringify([...unhealthy].sort());

/** Returns the script's own lines, without what SSM puts around them, e.g. `failed to run commands: exit status 3`. */
function wordsOf(output: string): string {
  const lines = output.split('\n').filter((line) => /^(service|readyz|nodes|voters|notready|etcd)=/.test(line));
  return fromNode(lines.join(' '));
}

async function called<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toFailure(error, `${action} for the pulse of K3s`);
  }
}
