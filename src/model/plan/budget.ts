import type { Budget, Step } from './steps.js';

/**
 * Returns the steps that may begin now: those whose earlier steps are done, within their budgets. A slot that has begun keeps its share of
 * the budget until its last step is done; a free share goes to the next slot of the plan, so that a slow node holds up only itself. A slot that
 * an earlier plan has taken away holds its share from the begin.
 *
 * @param begun ids of steps that have begun, whatever became of them
 * @param done ids of steps that have succeeded
 */
export function stepsToBegin(steps: readonly Step[], begun: ReadonlySet<string>, done: ReadonlySet<string>): Step[] {
  const holders = holdersOf(steps, begun, done);
  return steps.filter((step) => {
    if (begun.has(step.id) || !step.after.every((id) => done.has(id))) return false;
    const { budget, slot } = step;
    if (budget === undefined || slot === null || budget.away === true) return true;
    const slots = holders.get(budget.name) ?? new Set<string>();
    if (!slots.has(slot) && slots.size >= budget.most) return false;
    holders.set(budget.name, slots.add(slot));
    return true;
  });
}

/** Returns the slots that are away or have begun, and are not done, by budget. */
function holdersOf(
  steps: readonly Step[],
  begun: ReadonlySet<string>,
  done: ReadonlySet<string>,
): Map<string, Set<string>> {
  const touched = new Set<string>();
  const unfinished = new Set<string>();
  const budgets = new Map<string, Budget>();
  for (const { budget, slot, id } of steps) {
    if (budget === undefined || slot === null) continue;
    budgets.set(slot, budget);
    if (begun.has(id) || budget.away === true) touched.add(slot);
    if (!done.has(id)) unfinished.add(slot);
  }
  const holders = new Map<string, Set<string>>();
  for (const [slot, { name }] of budgets) {
    if (!touched.has(slot) || !unfinished.has(slot)) continue;
    holders.set(name, (holders.get(name) ?? new Set<string>()).add(slot));
  }
  return holders;
}
