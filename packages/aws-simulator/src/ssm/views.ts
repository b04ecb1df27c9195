/** Commands and invocations as the API shows them. */
import { type Command, expire, type Invocation, isOver } from './command.js';
import { type Input, seconds } from './context.js';

export function commandView(command: Command): Input {
  const invocations = [...command.invocations.values()].map((invocation) => expire(command, invocation));
  const count = (test: (invocation: Invocation) => boolean) => invocations.filter(test).length;
  const status = overall(invocations);
  return {
    CommandId: command.id,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    Comment: command.comment,
    ExpiresAfter: seconds(command.requestedAt + (command.timeoutSeconds + command.executionTimeout) * 1000),
    Parameters: command.parameters,
    InstanceIds: command.instanceIds,
    Targets: command.targets,
    RequestedDateTime: seconds(command.requestedAt),
    Status: status,
    StatusDetails: status,
    MaxConcurrency: '50',
    MaxErrors: '0',
    TargetCount: invocations.length,
    CompletedCount: count(isOver),
    // "The number of targets for which the status is Failed or Execution Timed Out": not of the denied and undeliverable. [SDK docs]
    ErrorCount: count(({ details }) => details === 'Failed' || details === 'ExecutionTimedOut'),
    DeliveryTimedOutCount: count(({ details }) => details === 'DeliveryTimedOut'),
    TimeoutSeconds: command.timeoutSeconds,
  };
}

/** Returns one row of ListCommandInvocations; the start of its output with `details`. */
export function invocationRow(command: Command, invocation: Invocation, details: boolean): Input {
  const { status, details: statusDetails, responseCode, stdout, startedAt, endedAt } = expire(command, invocation);
  const plugin = {
    Name: 'aws:runShellScript',
    Status: status,
    StatusDetails: statusDetails,
    ResponseCode: responseCode,
    ResponseStartDateTime: seconds(startedAt ?? command.requestedAt),
    ...(endedAt === null ? {} : { ResponseFinishDateTime: seconds(endedAt) }),
    // This list gives the first 2,500 characters only. [SDK docs]
    Output: isOver(invocation) ? stdout.slice(0, 2500) : '',
  };
  return {
    CommandId: command.id,
    InstanceId: invocation.instanceId,
    InstanceName: '',
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    RequestedDateTime: seconds(command.requestedAt),
    Status: status,
    StatusDetails: statusDetails,
    CommandPlugins: details ? [plugin] : [],
  };
}

/** GetCommandInvocation: details are spelt without spaces, times are ISO texts, output is empty until finished. */
export function invocationView(command: Command, invocation: Invocation): Input {
  const { status, details, responseCode, stdout, stderr, startedAt, endedAt } = expire(command, invocation);
  const over = isOver(invocation);
  return {
    CommandId: command.id,
    InstanceId: invocation.instanceId,
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    PluginName: 'aws:runShellScript',
    ResponseCode: over ? responseCode : -1,
    ExecutionStartDateTime: startedAt === null ? '' : new Date(startedAt).toISOString(),
    ExecutionElapsedTime:
      startedAt === null || endedAt === null ? '' : `PT${((endedAt - startedAt) / 1000).toFixed(3)}S`,
    ExecutionEndDateTime: endedAt === null ? '' : new Date(endedAt).toISOString(),
    Status: status,
    StatusDetails: details,
    StandardOutputContent: over ? stdout : '',
    StandardErrorContent: over ? stderr : '',
    StandardOutputUrl: '',
    StandardErrorUrl: '',
  };
}

function overall(invocations: Invocation[]): string {
  if (invocations.some(({ status }) => status === 'Pending')) return 'Pending';
  const open = invocations.find((invocation) => !isOver(invocation));
  if (open) return open.status;
  const bad = invocations.find(({ status }) => status !== 'Success');
  return bad?.status ?? 'Success';
}
