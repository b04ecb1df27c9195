import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  paginateListCommandInvocations,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { hasCode } from '../../aws/error-code.js';
import { failure, toFailure } from '../../aws/failure.js';
import { allPages, chunks } from '../../aws/pages.js';
import { type CommandStatus, commandStatus } from './command-status.js';

/** SendCommand takes at most 50 InstanceIds [docs: SSM]. */
const TARGETS = 50;
/** TimeoutSeconds: how long SSM tries to hand the command to the agent, at least 30 [docs: SSM SendCommand]. */
export const DELIVERY_SECONDS = 120;
/** The runner on the node ends the script itself; SSM's own end comes later. */
const EXECUTION_SLACK_SECONDS = 60;

/** SSM returns at most so much; nothing else relies on it. [docs: SSM GetCommandInvocation] */
const MOST_OUTPUT = 24_000;

/** Command by instance. */
export type Sent = Record<string, string>;

export interface Invocation {
  status: CommandStatus;
  /** SSM's own status, for messages. */
  word: string;
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Sends one text to nodes, with the job id as its Comment, by which a later attempt finds the command. */
export async function send(
  ssm: SSMClient,
  ids: string[],
  jobId: string,
  text: string,
  timeoutSeconds: number,
): Promise<Sent> {
  const sent: Sent = {};
  for (const InstanceIds of chunks(ids, TARGETS)) {
    try {
      const { Command: command } = await ssm.send(
        new SendCommandCommand({
          DocumentName: 'AWS-RunShellScript',
          InstanceIds,
          Comment: jobId,
          TimeoutSeconds: DELIVERY_SECONDS,
          Parameters: {
            commands: [text],
            executionTimeout: [String(timeoutSeconds + EXECUTION_SLACK_SECONDS)],
          },
        }),
      );
      for (const id of InstanceIds) sent[id] = command?.CommandId ?? '';
    } catch (error) {
      throw toFailure(error, `SendCommand ${jobId} to ${InstanceIds.join(', ')}`);
    }
  }
  return sent;
}

/** Returns the command of this job that an earlier attempt sent to the node, the latest if there are several. */
export async function findSent(
  ssm: SSMClient,
  InstanceId: string,
  jobId: string,
  since: number,
): Promise<string | null> {
  try {
    const invocations = await allPages(
      paginateListCommandInvocations(
        { client: ssm },
        // SSM wants whole seconds.
        {
          InstanceId,
          Filters: [{ key: 'InvokedAfter', value: new Date(since).toISOString().replace(/\.\d+Z$/, 'Z') }],
        },
      ),
      (page) => page.CommandInvocations,
    );
    const ours = invocations.filter((invocation) => invocation.Comment === jobId);
    const latest = ours.sort(
      (a, b) => (b.RequestedDateTime?.getTime() ?? 0) - (a.RequestedDateTime?.getTime() ?? 0),
    )[0];
    return latest?.CommandId ?? null;
  } catch (error) {
    throw toFailure(error, `ListCommandInvocations of ${InstanceId}`);
  }
}

/** Returns how far the command is on the node. Right after SendCommand SSM may not know it yet [aws-cli#3546]. */
export async function look(ssm: SSMClient, InstanceId: string, CommandId: string): Promise<Invocation> {
  try {
    const answer = await ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
    const status = commandStatus(answer.StatusDetails, answer.Status);
    const word = answer.StatusDetails ?? answer.Status ?? '';
    if (status === 'denied')
      throw failure({
        code: 'AccessDenied',
        class: 'auth',
        message: `the command on ${InstanceId} is ${word}`,
        hint: 'the instance profile must allow what AmazonSSMManagedInstanceCore does, and the image must be Linux',
      });
    return {
      status,
      word,
      exitCode: answer.ResponseCode === undefined || answer.ResponseCode < 0 ? null : answer.ResponseCode,
      stdout: (answer.StandardOutputContent ?? '').slice(0, MOST_OUTPUT),
      stderr: (answer.StandardErrorContent ?? '').slice(0, MOST_OUTPUT),
    };
  } catch (error) {
    if (hasCode(error, 'InvocationDoesNotExist'))
      return { status: 'unknown', word: 'InvocationDoesNotExist', exitCode: null, stdout: '', stderr: '' };
    throw toFailure(error, `GetCommandInvocation on ${InstanceId}`);
  }
}

/** Best effort: the job on the node has its own time-out. */
export async function cancel(ssm: SSMClient, commandIds: string[]): Promise<void> {
  await Promise.allSettled(
    [...new Set(commandIds)].map((CommandId) => ssm.send(new CancelCommandCommand({ CommandId }))),
  );
}
