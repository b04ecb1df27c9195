import type { Step } from '../../model/plan/index.js';

/** A row of a plan: a step, or the same step of several nodes. */
export interface StepRow {
  /** Place of the first of them in the plan, from 1. */
  number: number;
  phase: string;
  /** E.g. `server-0`, `workers-0..4`; null for a step of the whole cluster. */
  slot: string | null;
  title: string;
  disruption: Step['disruption'];
  reason: string;
}

/** One row for each step. */
export const stepRows = (steps: readonly Step[]): StepRow[] =>
  steps.map(({ phase, slot, title, disruption, reason }, index) => ({
    number: index + 1,
    phase,
    slot,
    title,
    disruption,
    reason,
  }));

/** One row for the same step of all servers, or of all nodes of a pool, where the first of them stands. */
export function foldedRows(steps: readonly Step[]): StepRow[] {
  const groups = new Map<string, { number: number; steps: Step[] }>();
  for (const [index, step] of steps.entries()) {
    const { kind, phase, disruption, slot } = step;
    const key = slot === null ? String(index) : [kind, phase, disruption, poolOf(slot)].join(' ');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { number: index + 1, steps: [step] });
    else group.steps.push(step);
  }
  return [...groups.values()].flatMap(({ number, steps: same }) => {
    const [first] = same;
    if (first === undefined) return [];
    const { phase, disruption } = first;
    const slots = same.flatMap(({ slot }) => slot ?? []);
    return {
      number,
      phase,
      slot: slots.length === 0 ? null : namedTogether(slots),
      title: alike(same.map(({ title }) => title)),
      disruption,
      reason: alike(same.map(({ reason }) => reason)),
    };
  });
}

const poolOf = (slot: string): string => slot.replace(/-\d+$/, '');
const numberOf = (slot: string): number => Number(/\d+$/.exec(slot)?.[0]);

/** `workers-0..4`, and with gaps `workers-0,3,7`, of which the first few are named. */
function namedTogether(slots: readonly string[]): string {
  const numbers = [...new Set(slots.map(numberOf))].sort((a, b) => a - b);
  const [first = 0, last = 0] = [numbers[0], numbers.at(-1)];
  const pool = poolOf(slots[0] ?? '');
  if (numbers.length === 1) return `${pool}-${first}`;
  if (last - first + 1 === numbers.length) return `${pool}-${first}..${last}`;
  const shown = numbers.slice(0, MOST_NUMBERS);
  return `${pool}-${shown.join(',')}${shown.length < numbers.length ? `,... (${numbers.length})` : ''}`;
}

const MOST_NUMBERS = 5;

/** The text that all have, or the words that they begin with. */
function alike(texts: readonly string[]): string {
  const [first = '', ...others] = [...new Set(texts)];
  if (others.length === 0) return first;
  const words = first.split(' ');
  const common = words.findIndex((word, index) => others.some((other) => other.split(' ')[index] !== word));
  return `${words.slice(0, common === -1 ? words.length : common).join(' ')} ...`.trimStart();
}
