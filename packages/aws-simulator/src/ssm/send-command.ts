/** SendCommand and CancelCommand. */
import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.js';
import type { ManagedMachine } from '../machine/managed.js';
import { type Command, expire, finish, isIn, isOver, newInvocation } from './command.js';
import { type Input, number, objects, type SsmContext, text, texts } from './context.js';
import { matchesTags } from './managed.js';
import { carryOut } from './run.js';
import { commandView } from './views.js';

const MOST_INSTANCES = 50;
const LONGEST_COMMENT = 100;
const DEFAULT_SECONDS = 3600;

export async function sendCommand(context: SsmContext, input: Input): Promise<Input> {
  const command = readCommand(context, input);
  const machines = command.targets.length > 0 ? targeted(context, command) : named(context, command.instanceIds);
  for (const machine of machines) {
    const invocation = newInvocation(machine, command.requestedAt);
    command.invocations.set(machine.id, invocation);
    // The call names no instance, so IAM decides about each found one. [Systems Manager user guide: command statuses]
    if (command.targets.length > 0 && !(await context.mayCommand(machine.id))) {
      finish(invocation, 'Failed', 'AccessDenied');
      continue;
    }
    void carryOut(command, invocation, machine).catch((error: unknown) => {
      context.world.note('ssm-failed', { commandId: command.id, instanceId: machine.id, error: String(error) });
    });
  }
  context.commands.add(command);
  return { Command: commandView(command) };
}

export function cancelCommand(context: SsmContext, input: Input): Input {
  const command = context.commands.get(context, text(input, 'CommandId') ?? '');
  if (!command) throw new AwsError('InvalidCommandId', 400, 'The specified command ID is not valid.');
  const only = texts(input, 'InstanceIds');
  for (const invocation of command.invocations.values()) {
    if (only.length > 0 && !only.includes(invocation.instanceId)) continue;
    if (isOver(expire(command, invocation))) continue;
    if (invocation.status === 'InProgress') {
      invocation.status = 'Cancelling';
      invocation.details = 'Cancelling';
    }
    invocation.cancel.abort();
  }
  return {};
}

function readCommand({ account, region }: SsmContext, input: Input): Command {
  const documentName = text(input, 'DocumentName') ?? '';
  if (documentName !== 'AWS-RunShellScript') {
    throw new AwsError('InvalidDocument', 400, `Document with name ${documentName} does not exist.`);
  }
  const comment = text(input, 'Comment') ?? '';
  if (comment.length > LONGEST_COMMENT) throw tooLong('comment', LONGEST_COMMENT);
  const instanceIds = [...new Set(texts(input, 'InstanceIds'))];
  if (instanceIds.length > MOST_INSTANCES) throw tooLong('instanceIds', MOST_INSTANCES);
  const targets = objects(input, 'Targets').map((target) => ({
    Key: text(target, 'Key') ?? '',
    Values: texts(target, 'Values'),
  }));
  if (instanceIds.length === 0 && targets.length === 0) {
    throw new AwsError('ValidationException', 400, 'InstanceIds or Targets must be given.');
  }
  const given = typeof input['Parameters'] === 'object' && input['Parameters'] !== null ? input['Parameters'] : {};
  const parameters = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : [String(value)]]),
  );
  if (!parameters['commands']) throw new AwsError('InvalidParameters', 400, 'Parameter "commands" is required.');
  return {
    id: randomUUID(),
    account,
    region,
    documentName,
    comment,
    parameters,
    instanceIds,
    targets,
    requestedAt: Date.now(),
    timeoutSeconds: number(input, 'TimeoutSeconds', DEFAULT_SECONDS),
    executionTimeout: Number(parameters['executionTimeout']?.[0] ?? DEFAULT_SECONDS),
    invocations: new Map(),
  };
}

/** InvalidInstanceId stands for all causes: unknown, not running, not registered yet, of another region. [SDK docs] */
function named(context: SsmContext, ids: string[]): ManagedMachine[] {
  const found = ids.flatMap((id) => context.machines.get(id) ?? []).filter((machine) => isReachable(machine, context));
  const missing = ids.filter((id) => !found.some((machine) => machine.id === id));
  if (missing.length > 0) {
    throw new AwsError(
      'InvalidInstanceId',
      400,
      `Instances [[${missing.join(', ')}]] not in a valid state for account`,
    );
  }
  return found;
}

/** Targets are resolved at once here, without unreachable instances, as in SSM. */
function targeted(context: SsmContext, { targets }: Command): ManagedMachine[] {
  return context.machines.all().filter((machine) => isReachable(machine, context) && matchesTags(machine, targets));
}

/** A dead agent on a running machine still takes commands: they wait for it. */
function isReachable(machine: ManagedMachine, place: Pick<Command, 'account' | 'region'>): boolean {
  return isIn(place, machine.instance) && machine.boot !== null && machine.agent.known && machine.agent.connected;
}

function tooLong(name: string, most: number): AwsError {
  const message = `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must have length less than or equal to ${most}`;
  return new AwsError('ValidationException', 400, message);
}
