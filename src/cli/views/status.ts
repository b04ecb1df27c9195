import { createColors } from 'picocolors';
import { hintOfError } from '../../model/explain/cause.js';
import { senderText } from '../../model/requests/sender.js';
import { foremost, type Retry } from '../../model/retry.js';
import type { Operation } from '../../model/state.js';
import type { StatusView } from '../../model/status.js';
import type { Colors } from '../io.js';
import { fitted, PLAIN, type Screen } from '../screen.js';
import { conditionTable } from './conditions.js';
import { healthText } from './health.js';
import { knownOperations, stepName, stepTimes } from './steps.js';
import { table } from './table.js';
import { age, duration, moment } from './time.js';

/** Nodes, conditions, operation with step i/n, what it waits for and until when. */
export function statusText(
  status: StatusView,
  colors: Colors,
  now = Date.now(),
  screen: Screen = PLAIN,
  retries: readonly Retry[] = [],
): string {
  const lines = [headline(status, colors, now)];
  const { operation, waiting, lastError } = status;
  if (operation !== null) lines.push(operationLine(status));
  for (const step of operation?.steps.filter((one) => one.outcome === 'running') ?? [])
    lines.push(`  ${stepName(step)} (${stepTimes(step, knownOperations(status), now)})`);
  const retry = foremost(retries.filter((one) => one.failures > 0));
  if (retry !== null) lines.push(colors.yellow(retryLine(retry, now)));
  if (waiting !== null) {
    const until = waiting.until === null ? '' : `, until ${moment(waiting.until)}`;
    lines.push(`Waits for ${waiting.for}, since ${moment(waiting.since)}${until}`);
  }
  if (lastError !== null)
    lines.push(
      colors.red(`Last error ${lastError.code}: ${firstLine(lastError.message)}`),
      `  ${hintOfError(status, lastError)}`,
    );
  if (status.apiAddress !== null) lines.push(`API: https://${status.apiAddress}:6443`);
  for (const image of status.images ?? []) lines.push(imageLine(image, now));
  for (const { id, name, slot, zone } of status.dataVolumes ?? [])
    lines.push(`Data volume: ${id} (${name} of ${slot}) in ${zone}; deleted with the cluster`);
  for (const { kind, id, slot, generation, at } of status.kept)
    lines.push(
      `Kept: ${kind} ${id} of ${slot} (generation ${generation}), replaced ${moment(at)}; deleted with the cluster`,
    );
  const tables = ['', nodeTable(status, colors, screen), '', conditionTable(status.conditions, colors, now, screen)];
  return [fitted(lines.join('\n'), screen), ...tables].join('\n');
}

const NODES = [
  'node',
  'ready',
  { name: 'voter', spare: 1 },
  { name: 'k3s', spare: 4 },
  'instance',
  { name: 'type', spare: 3 },
  { name: 'power', spare: 2 },
  { name: 'zone', spare: 5 },
  { name: 'private ip', spare: 6 },
  { name: 'public ip', spare: 7 },
];

/** Returns how old the system is that the next new instance gets. */
function imageLine({ id, architecture, createdAt, chosenAt }: StatusView['images'][number], now: number): string {
  const made = createdAt === undefined ? '' : `, ${age(createdAt, now)} old`;
  return `Image of new nodes (${architecture}): ${id}${made}${chosenAt === null ? '' : `, chosen ${chosenAt.slice(0, 10)}`}`;
}

export function nodeTable(status: StatusView, colors: Colors = createColors(false), screen: Screen = PLAIN): string {
  if (status.nodes.length === 0) return 'no nodes yet';
  const mark = { True: colors.green, False: colors.red, Unknown: colors.yellow };
  return table(
    NODES,
    status.nodes.map((node) => [
      node.name,
      mark[node.ready](node.ready),
      node.voter,
      node.k3s,
      node.instanceId,
      node.instanceType,
      node.power,
      node.zone,
      node.privateIp,
      node.publicIp,
    ]),
    screen,
  );
}

function retryLine({ attempt, message, nextAt }: Retry, now: number): string {
  const when = nextAt === null ? '' : `, next try in ${duration(Date.parse(nextAt) - now)}`;
  return `  attempt ${attempt}${when}: ${firstLine(message)}`;
}

function headline(status: StatusView, colors: Colors, now: number): string {
  const paint = status.phase === 'Failed' ? colors.red : status.phase === 'Running' ? colors.green : colors.yellow;
  const paused = status.paused ? `, ${colors.yellow('paused')}` : '';
  const account = status.account == null ? '' : `, account ${status.account}`;
  return `${colors.bold(status.name)} (${status.region}${account}, K3s ${status.version}): ${paint(status.phase)}, ${healthText(status.health, colors)}${paused}, ${age(status.createdAt, now)} old`;
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
