import { causeOf } from '../model/explain/cause.js';
import { senderText } from '../model/requests/sender.js';
import type { Condition, Operation, StepRecord } from '../model/state.js';
import type { NodeStatus, StatusView } from '../model/status.js';
import { plain } from './markdown.js';

/** Of so many nodes each has a row; those that are not well come first. The Web UI shows half a page without scrolling. */
const MOST_NODES = 12;
/** Of so many steps under way each has a line. */
const MOST_STEPS = 8;

/**
 * The cluster in Markdown, for the Web UI's current details, in half a page: phase, the cause of what is wrong with what Keelson does about it, the
 * operation, nodes in three columns, and only those conditions that are known not to hold.
 *
 * @param now milliseconds since 1970
 */
export function detailsOf(status: StatusView, now: number): string {
  const { name, region, account, phase, health, version } = status;
  const where = account === null ? region : `${region} of the account ${account}`;
  return [
    `**${name}** in ${where}: **${phase}**, ${health}, K3s ${plain(version)}`,
    ...causeLines(status, now),
    ...operationLines(status),
    ...nodeLines(status.nodes),
    ...conditionLines(status.conditions),
    '',
    `*Request Cancellation* pauses ${plain(name)} and deletes nothing; \`keelson resume ${name}\` goes on. To delete it: \`keelson delete ${name}\`, or the signal or update \`delete\` with \`{"confirm": "${name}"}\`.`,
  ].join('\n');
}

/** What is wrong, or what is going on, what Keelson does about it, what a person can do. */
function causeLines(status: StatusView, now: number): string[] {
  const cause = causeOf(status, [], now);
  if (cause.code === null && status.operation !== null) return [];
  const code = cause.code === null ? '' : `**${plain(cause.code)}**: `;
  const since = cause.since === null ? '' : ` (since ${time(cause.since)})`;
  const next = cause.nextAt === null ? '' : `, next at ${time(cause.nextAt)}`;
  return [
    '',
    `${code}${plain(firstLine(cause.message))}${since}`,
    '',
    `- Keelson ${plain(cause.keelson)}${next}`,
    ...cause.hints.filter((hint) => hint !== '').map((hint) => `- To do: ${plain(firstLine(hint))}`),
  ];
}

function operationLines({ operation, operations }: StatusView): string[] {
  const last = operations.at(-1);
  if (operation === null)
    return last === undefined
      ? []
      : [
          '',
          `Last operation: ${titleOf(last)}: **${last.outcome}**${last.endedAt === null ? '' : ` ${time(last.endedAt)}`}`,
        ];
  const running = operation.steps.filter((step) => step.outcome === 'running');
  const done = operation.steps.filter((step) => step.outcome === 'done').length;
  const count = `step ${Math.min(done + 1, operation.stepsTotal)}/${operation.stepsTotal}`;
  const more = running.length - MOST_STEPS;
  return [
    '',
    `${titleOf(operation)}, ${count}: ${plain(operation.reason)}`,
    '',
    ...running.slice(0, MOST_STEPS).map((step) => `- ${stepTitle(step)}, since ${time(step.startedAt)}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ];
}

const titleOf = ({ kind, id, requestedBy }: Operation): string =>
  `**${kind}** ${plain(id)} by ${plain(senderText(requestedBy))}`;

const stepTitle = ({ slot, title }: StepRecord): string => `${slot === null ? '' : `${plain(slot)}: `}${plain(title)}`;

function nodeLines(nodes: readonly NodeStatus[]): string[] {
  if (nodes.length === 0) return [];
  const isWell = ({ ready, voter, doing }: NodeStatus) => ready === 'True' && voter !== 'False' && doing === null;
  const sorted = [...nodes.filter((node) => !isWell(node)), ...nodes.filter(isWell)];
  const left = sorted.slice(MOST_NODES);
  const well = left.filter(isWell).length;
  const rows = sorted.slice(0, MOST_NODES).map((node) => {
    const state = [READY[node.ready], node.voter === 'True' ? 'votes' : node.voter === 'False' ? 'does not vote' : ''];
    const where = [node.instanceId, node.instanceType, node.zone, node.publicIp ?? node.privateIp];
    const cells = [[node.name], [...state, node.doing === null ? '' : node.doing], where.map((one) => one ?? '')];
    return `| ${cells.map((cell) => plain(cell.filter((one) => one !== '').join(', '))).join(' | ')} |`;
  });
  const rest = left.length === 0 ? [] : ['', `and ${left.length} more nodes, ${well} of them Ready`];
  return ['', '| node | state | instance |', '|---|---|---|', ...rows, ...rest];
}

const READY: Readonly<Record<NodeStatus['ready'], string>> = { True: 'Ready', False: 'not Ready', Unknown: 'Unknown' };

/** Those that are known not to hold; the others are counted. */
function conditionLines(conditions: readonly Condition[]): string[] {
  if (conditions.length === 0) return [];
  const count = (is: Condition['status']) => conditions.filter(({ status }) => status === is).length;
  const failing = conditions.filter(({ status }) => status === 'False');
  const rows = failing.map((one) => `| ${one.type} | ${plain(firstLine(one.message))} | ${time(one.since)} |`);
  const table = rows.length === 0 ? [] : ['| condition that fails | message | since |', '|---|---|---|', ...rows, ''];
  const unknown = count('Unknown');
  return [
    '',
    ...table,
    `${count('True')} of ${conditions.length} conditions hold${unknown > 0 ? `, ${unknown} are not measured now` : ''}`,
  ];
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

const time = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')}Z`;
