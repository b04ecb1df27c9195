/** SSM in the JSON 1.1 protocol. A command to the wrong region finds no instance there, as on AWS. */

import { randomUUID } from 'node:crypto';
import { AwsError, errorReply } from '../aws-error.js';
import type { AwsCall, HttpReply, MachineHost, World } from '../contract.js';
import { readJsonBody } from '../json-body.js';
import { managedBy } from '../machine/managed.js';
import { Commands } from './command.js';
import type { Input, SsmContext } from './context.js';
import { getCommandInvocation, listCommandInvocations, listCommands } from './invocations.js';
import { describeInstanceInformation } from './managed.js';
import { getParameter, getParameters } from './parameter.js';
import { cancelCommand, sendCommand } from './send-command.js';

const ACTIONS: Record<string, (context: SsmContext, input: Input) => Input | Promise<Input>> = {
  SendCommand: sendCommand,
  CancelCommand: cancelCommand,
  GetCommandInvocation: getCommandInvocation,
  ListCommandInvocations: listCommandInvocations,
  ListCommands: listCommands,
  DescribeInstanceInformation: describeInstanceInformation,
  GetParameter: getParameter,
  GetParameters: getParameters,
};

/** Commands live as long as the machines that ran them. */
const commandsOf = new WeakMap<MachineHost, Commands>();

/** @param mayCommand whether the caller may send its command to an instance */
export async function handleSsm(
  world: World,
  host: MachineHost,
  mayCommand: (call: AwsCall, instanceId: string) => Promise<boolean>,
  call: AwsCall,
): Promise<HttpReply> {
  const requestId = randomUUID();
  const action = call.action.replace(/^AmazonSSM\./, '');
  const commands = commandsOf.get(host) ?? new Commands();
  commandsOf.set(host, commands);
  try {
    const run = ACTIONS[action];
    if (!run) throw new AwsError('UnknownOperationException', 400, `The local region has no SSM ${action}`);
    const context = { world, machines: managedBy(host), commands, account: call.account, region: call.region };
    const answer = await run({ ...context, mayCommand: (id) => mayCommand(call, id) }, readJsonBody(call.body));
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId };
    return { status: 200, headers, body: JSON.stringify(answer) };
  } catch (error) {
    if (error instanceof AwsError) return errorReply('ssm', error, requestId);
    throw error;
  }
}
