import { ListCommandInvocationsCommand, type SSMClient } from '@aws-sdk/client-ssm';

/** Fewer are asked for one by one: that costs as many calls a second, and each end is noticed sooner. */
const MANY = 25;
/** A page holds at most 50. [docs: SSM ListCommandInvocations] */
const PAGE = 50;
/** A list of more pages is of others' commands; then each command is asked for singly. */
const MOST_PAGES = 20;
/** Least milliseconds between two lists, for each call that the last one took. */
const TICK_MS = 250;
/** Sooner after its send hardly any job has ended: SSM takes about a second to hand a command to the agent, and calls it Pending meanwhile. */
const DELIVERY_MS = 1_500;
/** Clocks of SSM and of the worker may differ. */
const CLOCK_SLACK_MS = 60_000;
/** After a list that failed each command is asked for singly for a while, and the caller hears what is wrong. */
const PAUSE_MS = 10_000;

export interface RunningCommandsOptions {
  ssm: SSMClient;
  tick?: number;
}

/**
 * Tells which commands run on, of all that wait in this process: where many do, one list of the region answers for all of them. Only what the list does not name
 * is worth a call of its own. [npm run bench -- thousands: of 88 calls that a cluster cost, 49 were GetCommandInvocation]
 */
export class RunningCommands {
  readonly #options: RunningCommandsOptions;
  /** When each of those that wait was sent. All times are of a clock that no one sets. */
  readonly #waiting = new Map<string, number>();
  #next: Promise<ReadonlySet<string>> | null = null;
  #due = Number.NEGATIVE_INFINITY;
  /** Calls that the last list took. */
  #calls = 1;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: RunningCommandsOptions) {
    this.#options = options;
  }

  /** Notes that someone waits for the command; until `ended`. */
  waits(commandId: string): void {
    if (!this.#waiting.has(commandId)) this.#waiting.set(commandId, performance.now());
  }

  ended(commandId: string): void {
    this.#waiting.delete(commandId);
  }

  /**
   * @returns true if it has just been sent, or if a list that was asked for after this call names it; false if the command is to be asked for by
   * itself
   */
  async includes(commandId: string, instanceId: string): Promise<boolean> {
    if (this.#waiting.size < MANY || performance.now() < this.#notBefore) return false;
    if (performance.now() - (this.#waiting.get(commandId) ?? 0) < DELIVERY_MS) return true;
    this.#next ??= this.#list().catch(() => {
      this.#notBefore = performance.now() + PAUSE_MS;
      return NONE;
    });
    return (await this.#next).has(keyOf(commandId, instanceId));
  }

  async #list(): Promise<ReadonlySet<string>> {
    const wait = this.#due - performance.now();
    // Never at once: those who ask in the same moment share the list.
    await (wait > 0 ? new Promise((resolve) => setTimeout(resolve, wait)) : Promise.resolve());
    // Who asks from now on gets the next list.
    this.#next = null;
    this.#due = performance.now() + this.#calls * (this.#options.tick ?? TICK_MS);
    const now = performance.now();
    const since = Date.now() - (now - Math.min(now, ...this.#waiting.values())) - CLOCK_SLACK_MS;
    const running = new Set<string>();
    let NextToken: string | undefined;
    let pages = 0;
    do {
      const page = await this.#options.ssm.send(
        new ListCommandInvocationsCommand({
          Filters: [
            { key: 'Status', value: 'InProgress' },
            // SSM wants whole seconds.
            { key: 'InvokedAfter', value: new Date(since).toISOString().replace(/\.\d+Z$/, 'Z') },
          ],
          MaxResults: PAGE,
          ...(NextToken !== undefined && { NextToken }),
        }),
      );
      for (const { CommandId: id = '', InstanceId: on = '' } of page.CommandInvocations ?? [])
        running.add(keyOf(id, on));
      NextToken = page.NextToken || undefined;
      pages += 1;
    } while (NextToken !== undefined && pages < MOST_PAGES);
    this.#calls = pages;
    return running;
  }
}

const NONE: ReadonlySet<string> = new Set();
const keyOf = (commandId: string, instanceId: string): string => `${commandId} ${instanceId}`;
