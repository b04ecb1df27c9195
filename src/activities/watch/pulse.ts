import {
  ListCommandsCommand,
  paginateListCommandInvocations,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { toFailure } from '../../aws/failure.js';
import { SERVER_COUNT, slotName } from '../../model/ids.js';
import { TAG } from '../../model/tags.js';
import { renderPulse } from '../../node/render.js';

/** Between two questions to the servers. */
const EVERY_MS = 60_000;
/** SSM's least; a server that cannot be reached in time is left to the list of agents. [docs: SSM SendCommand] */
const DELIVERY_SECONDS = 30;
const EXECUTION_SECONDS = 25;
/** From the command to its last answer. */
const PATIENCE_MS = 40_000;
const PAUSE_MS = 2_000;
/** Of one server's answer: it goes into a signal. */
const LONGEST = 200;

/**
 * Asks all servers of a region once a minute whether their K3s is well: one command by tags, however many clusters there are. Only answers
 * of those that are not well are read.
 */
export class Pulse {
  /** What servers said is wrong, by instance, the last time that they were asked. */
  readonly unwell = new Map<string, string>();
  #askedAt = Number.NEGATIVE_INFINITY;

  /** @param sleep rejects when the activity is cancelled */
  constructor(
    private readonly ssm: SSMClient,
    private readonly sleep: (ms: number) => Promise<void>,
  ) {}

  /** Asks if it is time to. @returns the number of calls. @throws what AWS refuses; what was known before stays */
  async ask(): Promise<number> {
    if (Date.now() - this.#askedAt < EVERY_MS) return 0;
    this.#askedAt = Date.now();
    const id = await this.#send();
    let calls = 1;
    const until = Date.now() + PATIENCE_MS;
    let failed = 0;
    for (;;) {
      await this.sleep(PAUSE_MS);
      calls += 1;
      const { Commands: [command] = [] } = await called('ListCommands', () =>
        this.ssm.send(new ListCommandsCommand({ CommandId: id })),
      );
      failed = command?.ErrorCount ?? 0;
      const { TargetCount: targets = 0, CompletedCount: completed = 0, Status: status = 'Pending' } = command ?? {};
      if (status !== 'Pending' && status !== 'InProgress' && completed >= targets) break;
      if (Date.now() > until) break;
    }
    const said = failed === 0 ? { calls: 0, unwell: new Map<string, string>() } : await this.#answers(id);
    this.unwell.clear();
    for (const [instance, words] of said.unwell) this.unwell.set(instance, words);
    return calls + said.calls;
  }

  async #send(): Promise<string> {
    const slots = Array.from({ length: SERVER_COUNT.ha }, (_, index) => slotName(null, index));
    const { Command: command } = await called('SendCommand', () =>
      this.ssm.send(
        new SendCommandCommand({
          DocumentName: 'AWS-RunShellScript',
          Targets: [
            { Key: 'tag-key', Values: [TAG.cluster] },
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

  async #answers(CommandId: string): Promise<{ calls: number; unwell: Map<string, string> }> {
    const unwell = new Map<string, string>();
    let calls = 0;
    await called('ListCommandInvocations', async () => {
      const pages = paginateListCommandInvocations(
        { client: this.ssm, pageSize: 50 },
        { CommandId, Details: true, Filters: [{ key: 'Status', value: 'Failed' }] },
      );
      for await (const page of pages) {
        calls += 1;
        for (const { InstanceId: id, CommandPlugins: [plugin] = [] } of page.CommandInvocations ?? []) {
          const words = wordsOf(plugin?.Output ?? '');
          if (id !== undefined && words !== '') unwell.set(id, words);
        }
      }
    });
    return { calls, unwell };
  }
}

/** The script's own lines; whatever SSM puts around them, e.g. `failed to run commands: exit status 3`, changes nothing. */
function wordsOf(output: string): string {
  const lines = output.split('\n').filter((line) => /^(service|readyz|voters|notready)=/.test(line));
  return lines.join(' ').slice(0, LONGEST);
}

async function called<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toFailure(error, `${action} for the pulse of K3s`);
  }
}
