/** Commands and their invocations, one per instance, as SSM keeps them. Times in milliseconds since the epoch. */
import type { ManagedMachine } from '../machine/managed.js';

export interface Command {
  id: string;
  account: string;
  region: string;
  documentName: string;
  comment: string;
  parameters: Record<string, string[]>;
  instanceIds: string[];
  targets: { Key: string; Values: string[] }[];
  requestedAt: number;
  /** For delivery. */
  timeoutSeconds: number;
  executionTimeout: number;
  invocations: Map<string, Invocation>;
}

export type Status =
  | 'Pending'
  | 'InProgress'
  | 'Delayed'
  | 'Success'
  | 'Cancelled'
  | 'TimedOut'
  | 'Failed'
  | 'Cancelling';

export interface Invocation {
  instanceId: string;
  /** Time from which GetCommandInvocation and the lists know it. */
  visibleAt: number;
  status: Status;
  details: string;
  startedAt: number | null;
  endedAt: number | null;
  responseCode: number;
  stdout: string;
  stderr: string;
  cancel: AbortController;
}

/** Characters in GetCommandInvocation. [SDK docs] */
export const KEPT = { stdout: 24_000, stderr: 8_000 };

/** AWS remembers commands for 30 days; the simulator keeps the newest ones, which is enough for any test and bounds memory. */
const REMEMBERED = 5_000;
/** Of commands to what has a tag, which may have thousands of invocations each. */
const REMEMBERED_BY_TAG = 20;

/** A region of an account. */
type Place = Pick<Command, 'account' | 'region'>;

export const isIn = (place: Place, one: Place): boolean => one.region === place.region && one.account === place.account;

/** The commands of all accounts and regions, oldest first. */
export class Commands {
  readonly all = new Map<string, Command>();
  private readonly byTag: string[] = [];

  add(command: Command): void {
    this.all.set(command.id, command);
    const oldest = this.all.keys().next().value;
    if (this.all.size > REMEMBERED && oldest !== undefined) this.all.delete(oldest);
    if (command.targets.length === 0) return;
    this.byTag.push(command.id);
    if (this.byTag.length > REMEMBERED_BY_TAG) this.all.delete(this.byTag.shift() ?? '');
  }

  get(place: Place, id: string): Command | undefined {
    const command = this.all.get(id);
    return command !== undefined && isIn(place, command) ? command : undefined;
  }

  /** Newest first. */
  in(place: Place): Command[] {
    return [...this.all.values()].filter((command) => isIn(place, command)).reverse();
  }
}

export function newInvocation(machine: ManagedMachine, now: number): Invocation {
  return {
    instanceId: machine.id,
    // For about half of the delivery SSM does not know the invocation. [aws-cli#3546]
    visibleAt: now + machine.world.profile.delivery / 2,
    status: 'Pending',
    details: 'Pending',
    startedAt: null,
    endedAt: null,
    responseCode: -1,
    stdout: '',
    stderr: '',
    cancel: new AbortController(),
  };
}

/**
 * Ends an invocation whose time has passed. Total time = delivery + execution: an agent that died in the middle leaves its command
 * InProgress until then, and the status is then DeliveryTimedOut although the script may have run. [facts: SSM]
 */
export function expire(command: Command, invocation: Invocation, now = Date.now()): Invocation {
  const delivery = command.requestedAt + command.timeoutSeconds * 1000;
  const total = delivery + command.executionTimeout * 1000;
  const late =
    (invocation.status === 'Pending' && now > delivery) || (invocation.status === 'InProgress' && now > total);
  if (late) finish(invocation, 'TimedOut', 'DeliveryTimedOut', now);
  return invocation;
}

export function finish(invocation: Invocation, status: Status, details: string, now = Date.now()): void {
  invocation.status = status;
  invocation.details = details;
  invocation.endedAt = now;
}

export function isOver(invocation: Invocation): boolean {
  return invocation.endedAt !== null;
}
