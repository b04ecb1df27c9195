/** GetCommandInvocation, ListCommandInvocations, ListCommands. */
import { AwsError } from '../aws-error.js';
import { type Command, expire, type Invocation } from './command.js';
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
  const isWanted = byStatus(input);
  const found = selected(context, input).flatMap((command) =>
    [...command.invocations.values()]
      .filter((invocation) => isVisible(invocation) && (instanceId ?? invocation.instanceId) === invocation.instanceId)
      .map((invocation) => ({ command, invocation: expire(command, invocation) }))
      .filter(({ invocation: { status, details } }) => isWanted(status, details)),
  );
  const { items, ...next } = page(found, input, 50);
  const rows = items.map(({ command, invocation }) => invocationRow(command, invocation, input['Details'] === true));
  return { CommandInvocations: rows, ...next };
}

export function listCommands(context: SsmContext, input: Input): Input {
  const instanceId = text(input, 'InstanceId');
  const isWanted = byStatus(input);
  const views = selected(context, input)
    .filter((command) => instanceId === undefined || command.invocations.has(instanceId))
    .map(commandView)
    .filter(({ Status, StatusDetails }) => isWanted(Status, StatusDetails));
  const { items, ...next } = page(views, input, 50);
  return { Commands: items, ...next };
}

function selected(context: SsmContext, input: Input): Command[] {
  const id = text(input, 'CommandId');
  const time = (key: string, otherwise: number): number => {
    const value = filter(input, key);
    return value === undefined ? otherwise : Date.parse(value);
  };
  const [after, before] = [
    time('InvokedAfter', Number.NEGATIVE_INFINITY),
    time('InvokedBefore', Number.POSITIVE_INFINITY),
  ];
  const all = id === undefined ? context.commands.in(context) : [context.commands.get(context, id) ?? []].flat();
  return all.filter(({ requestedAt }) => requestedAt >= after && requestedAt < before);
}

function byStatus(input: Input): (is: unknown, details: unknown) => boolean {
  const status = filter(input, 'Status');
  // Such as TimedOut, and DeliveryTimedOut, which is one of those. [SDK docs]
  return (is, details) => status === undefined || is === status || details === status;
}

/** Filters of these calls are written in lower case: key, value. */
function filter(input: Input, key: string): string | undefined {
  const found = objects(input, 'Filters').find((item) => text(item, 'key') === key);
  return found && text(found, 'value');
}

function isVisible(invocation: Invocation): boolean {
  return Date.now() >= invocation.visibleAt;
}
