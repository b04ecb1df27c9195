import { causeOf } from '../../../model/explain/cause.js';
import { expectedOf } from '../../../model/explain/expected.js';
import { senderText } from '../../../model/requests/sender.js';
import type { Condition, Operation, StepRecord } from '../../../model/state.js';
import type { NodeStatus, StatusView } from '../../../model/status.js';
import { plain } from './markdown.js';

/** How many nodes get a row; unhealthy ones come first. The Web UI shows half a page without scrolling. */
const MOST_NODES = 12;
/** No-break space: the Web UI sets the longest cell of a column right beside the next column. */
const GAP = '\u00a0';
/** How many running steps get a line. */
const MOST_STEPS = 8;

/**
 * Returns the cluster in Markdown, for the Web UI's current details, in half a page: phase, cause and remedy of a problem, the operation,
 * nodes in three columns, and the conditions that are known to fail.
 *
 * @param now milliseconds since 1970
 */
export function detailsOf(status: StatusView, now: number): string {
  const { name, region, account, phase, health, version } = status;
  const where = account === null ? region : `${region} of the account ${account}`;
  return [
    `**${name}** in ${where}: **${phase}**, ${health}, K3s ${plain(version)}`,
    ...causeLines(status, now),
    ...operationLines(status, now),
    ...nodeLines(status.nodes, new Set(shownSteps(status).map(({ slot }) => slot))),
    ...conditionLines(status.conditions, now),
    '',
    `*Request Cancellation* pauses ${plain(name)} and deletes nothing; \`keelson resume ${name}\` goes on. To delete it: \`keelson delete ${name}\`, or the signal or update \`delete\` with \`{"confirm": "${name}"}\`.`,
  ].join('\n');
}

/** Returns the problem or the work under way, what Keelson does about it, and what a person can do. */
function causeLines(status: StatusView, now: number): string[] {
  const cause = causeOf(status, [], now);
  if (cause.code === null && status.operation !== null) return [];
  const code = cause.code === null ? '' : `**${plain(cause.code)}**: `;
  const since = cause.since === null ? '' : ` (since ${time(cause.since, now)})`;
  const next = cause.nextAt === null ? '' : `, next at ${time(cause.nextAt, now)}`;
  return [
    '',
    `${code}${plain(firstLine(cause.message))}${since}`,
    '',
    `- Keelson ${plain(cause.keelson)}${next}`,
    ...cause.hints.filter((hint) => hint !== '').map((hint) => `- To do: ${plain(firstLine(hint))}`),
  ];
}

/** Returns what the workflow waits for, a line each: the running steps, or why it is at rest. */
export function waitsFor({ name, operation, waiting }: StatusView): string[] {
  const running = operation?.steps.filter((step) => step.outcome === 'running') ?? [];
  const steps = running.map(
    ({ slot, title, startedAt }) => `  ${slot === null ? '' : `${slot}: `}${title}, since ${time(startedAt)}`,
  );
  const rest = waiting === null ? 'for news' : `for ${waiting.for}, since ${time(waiting.since)}`;
  return [
    ...(steps.length > 0 ? [`${name} waits for these steps:`, ...steps] : [`${name} waits ${rest}.`]),
    'Attempts and last failures are in the tab Pending Activities, the cause of a problem in User Metadata.',
  ];
}

/** Returns the running steps that get a line, in the order of their nodes. */
const shownSteps = ({ operation }: StatusView): StepRecord[] =>
  (operation?.steps ?? [])
    .filter((step) => step.outcome === 'running')
    .sort((a, b) => bySlot(a.slot ?? '', b.slot ?? ''))
    .slice(0, MOST_STEPS);

/** `workers-9` before `workers-10`. Not by locale: each such comparison makes a collator, and of 200 running steps these took as long as all else. */
function bySlot(one: string, other: string): number {
  const [a, b] = [one.lastIndexOf('-'), other.lastIndexOf('-')];
  const [pool, otherPool] = [one.slice(0, a + 1), other.slice(0, b + 1)];
  if (pool !== otherPool) return pool < otherPool ? -1 : 1;
  return Number(one.slice(a + 1)) - Number(other.slice(b + 1));
}

function operationLines(status: StatusView, now: number): string[] {
  const { operation, operations } = status;
  const last = operations.at(-1);
  if (operation === null)
    return last === undefined
      ? []
      : [
          '',
          `Last operation: ${titleOf(last)}: **${last.outcome}**${last.endedAt === null ? '' : ` ${time(last.endedAt, now)}`}`,
        ];
  const running = operation.steps.filter((step) => step.outcome === 'running');
  const done = operation.steps.filter((step) => step.outcome === 'done').length;
  const count = `step ${Math.min(done + 1, operation.stepsTotal)}/${operation.stepsTotal}`;
  const more = running.length - MOST_STEPS;
  return [
    '',
    `${titleOf(operation)}, ${count}: ${plain(operation.reason)}`,
    '',
    ...shownSteps(status).map(
      (step) => `- ${stepTitle(step)}, since ${time(step.startedAt, now)}${usual(step, [...operations, operation])}`,
    ),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ];
}

/** By the cluster's own runs; nothing while there are none. */
function usual({ kind }: StepRecord, known: readonly Operation[]): string {
  const { seconds, runs } = expectedOf(kind, known);
  return runs === 0 ? '' : ` (usually ${Math.ceil(seconds)} s)`;
}

const titleOf = ({ kind, id, requestedBy }: Operation): string =>
  `**${kind}** ${plain(id)} by ${plain(senderText(requestedBy))}`;

const stepTitle = ({ slot, title }: StepRecord): string => `${slot === null ? '' : `${plain(slot)}: `}${plain(title)}`;

/** @param named slots whose step has a line of its own */
function nodeLines(nodes: readonly NodeStatus[], named: ReadonlySet<string | null>): string[] {
  if (nodes.length === 0) return [];
  const isWell = ({ ready, voter, doing }: NodeStatus) => ready === 'True' && voter !== 'False' && doing === null;
  const sorted = [...nodes.filter((node) => !isWell(node)), ...nodes.filter(isWell)];
  const omitted = sorted.slice(MOST_NODES);
  const well = omitted.filter(isWell).length;
  const rows = sorted.slice(0, MOST_NODES).map((node) => {
    const state = [READY[node.ready], node.voter === 'True' ? 'votes' : node.voter === 'False' ? 'does not vote' : ''];
    const where = [node.instanceId, node.instanceType, node.zone, node.publicIp ?? node.privateIp];
    const cells = [
      [node.name],
      [...state, named.has(node.slot) ? '' : (node.doing ?? '')],
      where.map((one) => one ?? ''),
    ];
    return `| ${cells.map((cell) => plain(cell.filter((one) => one !== '').join(', '))).join(`${GAP} | `)} |`;
  });
  const rest = omitted.length === 0 ? [] : ['', `and ${omitted.length} more nodes, ${well} of them Ready`];
  return ['', '| node | state | instance |', '|---|---|---|', ...rows, ...rest];
}

const READY: Readonly<Record<NodeStatus['ready'], string>> = { True: 'Ready', False: 'not Ready', Unknown: 'Unknown' };

/** Returns the conditions that are known to fail, and counts the others. */
function conditionLines(conditions: readonly Condition[], now: number): string[] {
  if (conditions.length === 0) return [];
  const count = (is: Condition['status']) => conditions.filter(({ status }) => status === is).length;
  const failing = conditions.filter(({ status }) => status === 'False');
  const rows = failing.map((one) => `| ${one.type} | ${plain(firstLine(one.message))} | ${time(one.since, now)} |`);
  const table = rows.length === 0 ? [] : ['| condition that fails | message | since |', '|---|---|---|', ...rows, ''];
  const unknown = count('Unknown');
  return [
    '',
    ...table,
    `${count('True')} of ${conditions.length} conditions hold${unknown > 0 ? `, ${unknown} are not measured now` : ''}`,
  ];
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** With its day, unless that is today: half a page is narrow. */
function time(iso: string, now?: number): string {
  const isToday = now !== undefined && iso.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  return isToday ? `${iso.slice(11, 19)}Z` : `${iso.slice(0, 19).replace('T', ' ')}Z`;
}
