/** How SSM may lose a command, while the node has got it or not. */
import type { ManagedMachine } from '../machine/managed.js';
import { type Command, finish, type Invocation, type Status } from './command.js';

/** Moment at which the command is lost. */
type Moment = 'before-delivery' | 'after-delivery' | 'after-end';

const STATUS: Record<string, Status> = { DeliveryTimedOut: 'TimedOut', Cancelled: 'Cancelled' };

/**
 * Fault point `ssm.lose`, with `moment`: effect `forget` (neither GetCommandInvocation nor the lists know the command any more), `end` (its
 * status is `data.details`, Undeliverable by default), or `silent` (its status stays until its time is over).
 *
 * @returns whether the command is lost: SSM reports nothing more about it
 */
export function isLost(moment: Moment, command: Command, invocation: Invocation, machine: ManagedMachine): boolean {
  const about = { instanceId: machine.id, region: command.region, commandId: command.id, comment: command.comment };
  const fault = machine.world.fault('ssm.lose', { ...about, moment });
  if (fault?.effect === 'forget') invocation.visibleAt = Number.POSITIVE_INFINITY;
  else if (fault?.effect === 'end') {
    const details = String(fault.data?.['details'] ?? 'Undeliverable');
    finish(invocation, STATUS[details] ?? 'Failed', details);
  } else if (fault?.effect !== 'silent') return false;
  machine.world.note('ssm-lost', { ...about, moment });
  return true;
}
