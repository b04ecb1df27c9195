/** GetCommandInvocation, ListCommandInvocations, ListCommands. */
import { AwsError } from '../aws-error.js';
import type { Command, Invocation } from './command.js';
import { type Input, objects, page, type SsmContext, text } from './context.js';
import { commandView, invocationRow, invocationView } from './views.js';

/** Just after SendCommand SSM does not know it yet. [aws-cli#3546] */
export function getCommandInvocation(context: SsmContext, input: Input): Input {
  const command = context.commands.get(context, text(input, 'CommandId') ?? '');
  const invocation = command?.invocations.get(text(input, 'InstanceId') ?? '');
  if (!command || !invocation || !isVisible(invocation)) {
    throw new AwsError(
      'InvocationDoesNotExist',
      400,
      'The command ID and instance ID you specified did not match any invocations.',
    );
  }
  return invocationView(command, invocation);
}

export function listCommandInvocations(context: SsmContext, input: Input): Input {
  const instanceId = text(input, 'InstanceId');
  const rows = selected(context, input).flatMap((command) =>
    [...command.invocations.values()]
      .filter((invocation) => isVisible(invocation) && (instanceId ?? invocation.instanceId) === invocation.instanceId)
      .map((invocation) => invocationRow(command, invocation, input['Details'] === true)),
  );
  const { items, ...next } = page(rows.filter(byStatus(input)), input, 50);
  return { CommandInvocations: items, ...next };
}

export function listCommands(context: SsmContext, input: Input): Input {
  const instanceId = text(input, 'InstanceId');
  const views = selected(context, input)
    .filter((command) => instanceId === undefined || command.invocations.has(instanceId))
    .map(commandView);
  const { items, ...next } = page(views.filter(byStatus(input)), input, 50);
  return { Commands: items, ...next };
}

function selected(context: SsmContext, input: Input): Command[] {
  const id = text(input, 'CommandId');
  const after = filter(input, 'InvokedAfter');
  const before = filter(input, 'InvokedBefore');
  return context.commands
    .in(context)
    .filter((command) => id === undefined || command.id === id)
    .filter(({ requestedAt }) => after === undefined || requestedAt >= Date.parse(after))
    .filter(({ requestedAt }) => before === undefined || requestedAt < Date.parse(before));
}

function byStatus(input: Input): (row: Input) => boolean {
  const status = filter(input, 'Status');
  // Such as TimedOut, and DeliveryTimedOut, which is one of those. [SDK docs]
  return (row) => status === undefined || row['Status'] === status || row['StatusDetails'] === status;
}

/** Filters of these calls are written in lower case: key, value. */
function filter(input: Input, key: string): string | undefined {
  const found = objects(input, 'Filters').find((item) => text(item, 'key') === key);
  return found && text(found, 'value');
}

function isVisible(invocation: Invocation): boolean {
  return Date.now() >= invocation.visibleAt;
}
