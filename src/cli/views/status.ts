import { senderText } from '../../model/requests/sender.js';
import type { Operation } from '../../model/state.js';
import type { StatusView } from '../../model/status.js';
import type { Colors } from '../io.js';
import { conditionTable } from './conditions.js';
import { table } from './table.js';
import { age, moment } from './time.js';

/** Nodes, conditions, operation with step i/n, what it waits for and until when. */
export function statusText(status: StatusView, colors: Colors, now = Date.now()): string {
  const lines = [headline(status, colors, now)];
  const { operation, waiting, lastError } = status;
  if (operation !== null) lines.push(operationLine(status));
  for (const step of operation?.steps.filter((one) => one.outcome === 'running') ?? []) {
    lines.push(`  ${step.slot === null ? '' : `${step.slot}: `}${step.title} (${age(step.startedAt, now)})`);
  }
  if (waiting !== null) {
    const until = waiting.until === null ? '' : `, until ${moment(waiting.until)}`;
    lines.push(`Waits for ${waiting.for}, since ${moment(waiting.since)}${until}`);
  }
  if (lastError !== null)
    lines.push(colors.red(`Last error ${lastError.code}: ${firstLine(lastError.message)}`), `  ${lastError.advice}`);
  if (status.apiAddress !== null) lines.push(`API: https://${status.apiAddress}:6443`);
  for (const { kind, id, slot, generation, at } of status.kept)
    lines.push(
      `Kept: ${kind} ${id} of ${slot} (generation ${generation}), replaced ${moment(at)}; deleted with the cluster`,
    );
  lines.push('', nodeTable(status), '', conditionTable(status.conditions, colors, now));
  return lines.join('\n');
}

export function nodeTable(status: StatusView): string {
  if (status.nodes.length === 0) return 'no nodes yet';
  return table(
    ['node', 'ready', 'voter', 'k3s', 'instance', 'type', 'power', 'zone', 'private ip', 'public ip'],
    status.nodes.map((node) => [
      node.name,
      node.ready,
      node.voter,
      node.k3s,
      node.instanceId,
      node.instanceType,
      node.power,
      node.zone,
      node.privateIp,
      node.publicIp,
    ]),
  );
}

function headline(status: StatusView, colors: Colors, now: number): string {
  const paint = status.phase === 'Failed' ? colors.red : status.phase === 'Running' ? colors.green : colors.yellow;
  const paused = status.paused ? `, ${colors.yellow('paused')}` : '';
  return `${colors.bold(status.name)} (${status.region}, K3s ${status.version}): ${paint(status.phase)}, ${status.health}${paused}, ${age(status.createdAt, now)} old`;
}

function operationLine({ operation }: StatusView): string {
  if (operation === null) return '';
  const done = operation.steps.filter((step) => step.outcome === 'done').length;
  const step = `step ${Math.min(done + 1, operation.stepsTotal)}/${operation.stepsTotal}`;
  return `Operation ${operation.kind} ${operation.id}, ${step}, asked for by ${senderOf(operation)}: ${operation.reason}`;
}

export const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** The sender of a request writes the name: it is not checked. */
export const senderOf = ({ requestedBy }: Operation): string => senderText(requestedBy);
