/** Carries one invocation: to the node, through the agent, through the script, and back. */
import type { Fault } from '../contract.js';
import type { ManagedMachine } from '../machine/managed.js';
import type { Finished } from '../machine/processes.js';
import { type Command, expire, finish, type Invocation, isOver, KEPT } from './command.js';
import { isLost } from './lose.js';

/** Spans of a node within a command. */
const WITHIN = [
  'download',
  'found',
  'join',
  'promote',
  'serve',
  'ready',
  'rejoin',
  'restore',
  'agentJoin',
  'serviceStop',
  'drain',
];

/**
 * A command that is sent to what has a tag asks how the nodes are, and no step waits for it: it leaves neither spans nor notes. The
 * critical path of a step would run through a question that was answered beside it, and thousands of nodes that are asked twice a minute would fill the memory.
 */
const isByTag = ({ targets }: Command): boolean => targets.length > 0;

/**
 * Carries one command to one machine. Fault points: `ssm.deliver`, effect `agent-dead` (the agent is away for `delayMs`, or for
 * good, and takes the command when it is back); `ssm.run`, effects `exit` (the script does not run; `data.code`) and `hang`
 * (it never ends); `ssm.lose`: see lose.ts.
 */
export async function carryOut(command: Command, invocation: Invocation, machine: ManagedMachine): Promise<void> {
  const { world } = machine;
  const about = { instanceId: machine.id, region: command.region, commandId: command.id, comment: command.comment };
  const dead = world.fault('ssm.deliver', about);
  if (dead?.effect === 'agent-dead') machine.agent.die(dead.delayMs ?? Number.POSITIVE_INFINITY);

  if (isLost('before-delivery', command, invocation, machine)) return;
  const release = await machine.agent.take(invocation.cancel.signal);
  if (!release) return finish(invocation, 'Cancelled', 'Cancelled');
  try {
    if (!(await deliver(command, invocation, machine))) return;
    const boot = machine.boot;
    if (!boot) return;
    const lost = isLost('after-delivery', command, invocation, machine);
    if (!isByTag(command)) world.note('script-started', about);
    const finished = await runScript(command, invocation, machine, world.fault('ssm.run', about));
    if (!isByTag(command)) world.note('script-ended', { ...about, exitCode: finished?.exitCode ?? null });
    // The machine went down, so the agent cannot report the end. The command reads InProgress until its time is over.
    if (finished === null || boot.aborted) return;
    if (lost || isLost('after-end', command, invocation, machine)) return;
    // Nor can a dead agent, which reports after its return.
    if (!(await machine.agent.alive(boot))) return;
    await report(command, invocation, machine, finished);
  } finally {
    release();
  }
}

async function deliver(command: Command, invocation: Invocation, machine: ManagedMachine): Promise<boolean> {
  const { world, id, boot } = machine;
  const agent = world.lastSpan(id, 'agent');
  const span = { kind: 'deliver', instanceId: id, ms: world.profile.delivery, after: agent ? [agent.id] : [] };
  try {
    if (isByTag(command)) await world.wait(span.ms, boot ?? undefined);
    else await world.impose({ ...span, note: command.comment, ...(boot && { signal: boot }) });
  } catch {
    return false;
  }
  if (isOver(expire(command, invocation))) return false;
  if (invocation.cancel.signal.aborted) {
    finish(invocation, 'Cancelled', 'Cancelled');
    return false;
  }
  invocation.status = 'InProgress';
  invocation.details = 'InProgress';
  invocation.startedAt = Date.now();
  return true;
}

/** Runs the script as the agent does. Null for an unknown end. */
async function runScript(
  command: Command,
  invocation: Invocation,
  machine: ManagedMachine,
  fault: Fault | undefined,
): Promise<(Finished & { timedOut: boolean }) | null> {
  if (fault?.effect === 'exit') {
    const exitCode = Number(fault.data?.['code'] ?? 137);
    return { exitCode, signal: null, stdout: '', stderr: '', timedOut: false };
  }
  if (fault?.effect === 'hang') return null;
  const script = `${(command.parameters['commands'] ?? []).join('\n')}\n`;
  const run = machine.runScript(command.id, script, command.executionTimeout, KEPT);
  const cancel = () => run.kill();
  invocation.cancel.signal.addEventListener('abort', cancel, { once: true });
  const finished = await run.finished;
  invocation.cancel.signal.removeEventListener('abort', cancel);
  return finished;
}

async function report(
  command: Command,
  invocation: Invocation,
  machine: ManagedMachine,
  finished: Finished & { timedOut: boolean },
): Promise<void> {
  const { world, id, boot } = machine;
  const began = invocation.startedAt ?? 0;
  const spans = [world.lastSpan(id, 'deliver'), world.lastSpan(id, ...WITHIN)];
  const after = spans.flatMap((span) => (span && (span.endedAt ?? 0) >= began - 1 ? [span.id] : []));
  const span = { kind: 'report', instanceId: id, ms: world.profile.report, after, note: command.comment };
  try {
    if (isByTag(command)) await world.wait(span.ms, boot ?? undefined);
    else await world.impose({ ...span, ...(boot && { signal: boot }) });
  } catch {
    return;
  }
  if (isOver(expire(command, invocation))) return;
  invocation.stdout = finished.stdout;
  invocation.stderr = finished.stderr;
  invocation.responseCode = finished.exitCode ?? 137;
  if (invocation.cancel.signal.aborted) finish(invocation, 'Cancelled', 'Cancelled');
  else if (finished.timedOut) finish(invocation, 'TimedOut', 'ExecutionTimedOut');
  else if (finished.exitCode === 0) finish(invocation, 'Success', 'Success');
  else finish(invocation, 'Failed', 'Failed');
}
