import { yamlOf } from '../../document/write.js';
import { disruptionOf, type Plan } from '../../model/plan/index.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { Colors } from '../io.js';
import { PLAIN, type Screen, wrapped } from '../screen.js';
import { foldedRows, type StepRow, stepRows } from './fold-steps.js';
import { table } from './table.js';

/** A plan with the fingerprint that `apply --plan-id` compares. */
export type IdentifiedPlan = Plan & { id: string };

const HEAD = [
  { name: '#', spare: 1 },
  { name: 'phase', spare: 2 },
  'slot',
  'step',
  'disruption',
  { name: 'reason', spare: 3 },
];

/** Of a plan's rows, so many lines of a terminal hold something else: the headline, the end, the prompt, and progress. */
const OTHER_LINES = 7;

/**
 * Steps in order, each with reason and disruption. Where a terminal has not the room for all, equal steps of several nodes share a row, and the end says
 * what the beginning has said: that may have scrolled away.
 */
export function planText(name: string, plan: IdentifiedPlan, colors: Colors, screen: Screen = PLAIN): string {
  const notes = (plan.notes ?? []).map((note) => `note: ${note}`);
  if (plan.steps.length === 0) return [heldBack(name, plan) || `${name}: nothing to do`, ...notes].join('\n');
  const worst = disruptionOf(plan.steps);
  const paint = { none: colors.green, node: colors.yellow, cluster: colors.red };
  const count = `${plan.steps.length} step${plan.steps.length === 1 ? '' : 's'}`;
  const summary = `${colors.bold(name)}: ${plan.kind}, ${count}, disruption ${paint[worst](worst)}`;
  const tableOf = (rows: readonly StepRow[]): string =>
    table(
      HEAD,
      rows.map(({ number, phase, slot, title, disruption, reason }) => [
        ...[number, phase, slot, title],
        ...[paint[disruption](disruption), reason],
      ]),
      screen,
    );
  const whole = tableOf(stepRows(plan.steps));
  // A reason may take several lines.
  const isLong = !screen.wide && screen.rows !== null && whole.split('\n').length > screen.rows - OTHER_LINES;
  return [
    wrapped(`${summary}: ${plan.reason}`, screen.columns),
    isLong ? tableOf(foldedRows(plan.steps)) : whole,
    heldBack(name, plan),
    ...notes,
    isLong ? wrapped(`${summary} (-o wide shows each in its order)`, screen.columns) : '',
    `plan id ${plan.id}`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** Returns what only a person can decide, and what comes later. */
const heldBack = (name: string, { blocked, deferred }: Plan): string =>
  [
    ...(blocked === undefined ? [] : [`${name}: held back: ${blocked.message}\n  -> ${blocked.hint}`]),
    ...(deferred?.messages ?? []).map((message) => `${name}: ${message}`),
  ].join('\n');

/** Returns the document with its defaults filled in, so that they are visible. */
export const resolvedText = (document: ClusterDocument): string =>
  `The document with its defaults:\n${yamlOf(document).trimEnd()}`;
