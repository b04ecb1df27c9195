import { stringify } from 'yaml';
import { disruptionOf, type Plan } from '../../model/plan/index.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { Colors } from '../io.js';
import { PLAIN, type Screen } from '../screen.js';
import { table } from './table.js';

/** A plan with the fingerprint that `apply --plan-id` compares. */
export type IdentifiedPlan = Plan & { id: string };

const HEAD = ['#', { name: 'phase', spare: 1 }, 'slot', 'step', 'disruption', { name: 'reason', spare: 2 }];

/** Steps in order, each with reason and disruption. */
export function planText(name: string, plan: IdentifiedPlan, colors: Colors, screen: Screen = PLAIN): string {
  const notes = (plan.notes ?? []).map((note) => `note: ${note}`);
  if (plan.steps.length === 0) return [heldBack(name, plan) || `${name}: nothing to do`, ...notes].join('\n');
  const worst = disruptionOf(plan.steps);
  const paint = { none: colors.green, node: colors.yellow, cluster: colors.red };
  const rows = plan.steps.map((step, index) => [
    index + 1,
    step.phase,
    step.slot,
    step.title,
    paint[step.disruption](step.disruption),
    step.reason,
  ]);
  return [
    `${colors.bold(name)}: ${plan.kind}, ${plan.steps.length} steps, disruption ${paint[worst](worst)}: ${plan.reason}`,
    table(HEAD, rows, screen),
    heldBack(name, plan),
    ...notes,
    `plan id ${plan.id}`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** What only a person can decide, and what comes later. */
const heldBack = (name: string, { blocked, deferred }: Plan): string =>
  [
    ...(blocked === undefined ? [] : [`${name}: held back: ${blocked.message}\n  -> ${blocked.advice}`]),
    ...(deferred?.messages ?? []).map((message) => `${name}: ${message}`),
  ].join('\n');

/** The document with its defaults filled in, so that they are visible. */
export const resolvedText = (document: ClusterDocument): string =>
  `The document with its defaults:\n${stringify(document, { lineWidth: 0 }).trimEnd()}`;
