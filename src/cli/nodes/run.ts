import { setTimeout as sleep } from 'node:timers/promises';
import { GetCommandInvocationCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { codeOf, messageOf } from '../../aws/error-code.js';
import { redact } from '../../model/redact.js';
import type { NodeStatus, StatusView } from '../../model/status.js';
import { fetchStatus } from '../attendance/fetch-status.js';
import { clientsFor, roleOf } from '../clusters/accounts.js';
import { CliError, EXIT } from '../exit.js';
import type { Session } from '../session.js';

export interface RanOnNode {
  node: string;
  instanceId: string;
  exitCode: number;
  /** Masked; SSM keeps the first 24,000 characters. [docs: SSM GetCommandInvocation] */
  stdout: string;
  stderr: string;
  /** SSM has kept only the beginning. */
  isCut: boolean;
}

const KEPT = 24_000;
const PAUSE_MS = 500;
/** SSM waits at least so long for the agent. [docs: SSM SendCommand] */
const DELIVERY_SECONDS = 30;
const ENDED: ReadonlySet<string> = new Set(['Success', 'Failed', 'TimedOut', 'Cancelled']);

/**
 * Runs a shell text on a node by SSM, with the person's own AWS credentials, and returns its output.
 *
 * @param slot as in `keelson status`; null for the first server
 * @throws CliError `missing` for a node that does not exist, `unreachable` if SSM refuses or does not reach it
 */
export async function runOnNode(
  session: Session,
  cluster: string,
  slot: string | null,
  text: string,
  timeoutSeconds: number,
): Promise<RanOnNode> {
  const { status } = await fetchStatus(session, cluster);
  const node = nodeOf(status, slot);
  const instanceId = node.instanceId;
  if (instanceId === null)
    throw new CliError(EXIT.missing, `${node.name} has no instance now`, `keelson explain ${cluster}`);
  const role = await roleOf(await session.clusters(), cluster, status.account);
  const ssm = (await clientsFor(session, role)).ssm(status.region);
  try {
    const { Command: command } = await ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [instanceId],
        Comment: `keelson by ${session.io.user}`.slice(0, 100),
        TimeoutSeconds: DELIVERY_SECONDS,
        Parameters: { commands: [text], executionTimeout: [String(timeoutSeconds)] },
      }),
    );
    const CommandId = command?.CommandId ?? '';
    for (;;) {
      await sleep(PAUSE_MS, undefined, { signal: session.io.signal });
      const seen = await ssm
        .send(new GetCommandInvocationCommand({ CommandId, InstanceId: instanceId }))
        .catch((error: unknown) => {
          // Right after SendCommand SSM may not know it yet. [aws-cli#3546]
          if (codeOf(error) === 'InvocationDoesNotExist') return null;
          throw error;
        });
      if (seen === null || !ENDED.has(seen.Status ?? '')) continue;
      if (seen.ResponseCode === undefined || seen.ResponseCode < 0)
        throw new CliError(
          EXIT.unreachable,
          `${node.name} (${instanceId}) has not run it: SSM says ${seen.StatusDetails}`,
          agentHint(status, instanceId),
        );
      const stdout = seen.StandardOutputContent ?? '';
      return {
        node: node.name,
        instanceId,
        exitCode: seen.ResponseCode,
        stdout: redact(stdout),
        stderr: redact(seen.StandardErrorContent ?? ''),
        isCut: stdout.length >= KEPT,
      };
    }
  } catch (error) {
    if (session.io.signal.aborted)
      throw new CliError(EXIT.interrupted, 'interrupted: the command goes on on the node', '', { cause: error });
    if (error instanceof CliError) throw error;
    throw new CliError(
      EXIT.unreachable,
      `SendCommand to ${node.name} (${instanceId}): ${codeOf(error)}: ${messageOf(error)}`,
      hintOf(codeOf(error), status, instanceId),
      { cause: error },
    );
  }
}

function nodeOf({ name, nodes }: StatusView, slot: string | null): NodeStatus {
  const found =
    slot === null
      ? nodes.find(({ role }) => role === 'server')
      : nodes.find((one) => one.slot === slot || one.name === slot || one.instanceId === slot);
  if (found !== undefined) return found;
  throw new CliError(
    EXIT.missing,
    `${name} has no node ${slot ?? 'yet'}`,
    nodes.length === 0 ? `keelson explain ${name}` : `one of ${nodes.map((one) => one.slot).join(', ')}`,
  );
}

const agentHint = ({ region }: StatusView, id: string): string =>
  `aws ssm describe-instance-information --region ${region} --filters Key=InstanceIds,Values=${id}`;

function hintOf(code: string, status: StatusView, id: string): string {
  if (/AccessDenied|NotAuthorized/.test(code))
    return 'your credentials need NodeAccessPolicy of deploy/aws/keelson.yaml: who may run commands on a server is admin of the cluster';
  return agentHint(status, id);
}

/** In single quotes only the quote itself means anything to a shell. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
