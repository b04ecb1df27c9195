import { deferralText, launchDue } from '../launch-limit.js';
import type { ClusterState } from '../state.js';
import type { Plan, Step } from './steps.js';

/**
 * Removes the launches of slots at their launch limit from a plan, with every step that depends on them and all other steps of these slots:
 * a slot loses nothing until it gets something in its place.
 *
 * @param now ISO 8601
 */
export function deferLaunches(
  steps: readonly Step[],
  state: Pick<ClusterState, 'launches'>,
  now: string,
): { steps: Step[]; deferred: NonNullable<Plan['deferred']> | null } {
  const late = steps.flatMap(({ kind, slot }) => {
    const due = kind === 'launch' && slot !== null ? launchDue(state.launches, slot, now) : null;
    return due === null || slot === null ? [] : [{ slot, due }];
  });
  const slots = new Set(late.map(({ slot }) => slot));
  const dropped = new Set<string>();
  // A step comes after those that it waits for.
  for (const step of steps)
    if ((step.slot !== null && slots.has(step.slot)) || step.after.some((id) => dropped.has(id))) dropped.add(step.id);
  const until = late.map(({ due }) => due).sort()[0];
  return {
    steps: steps.filter((step) => !dropped.has(step.id)),
    deferred: until === undefined ? null : { until, messages: late.map(({ slot, due }) => deferralText(slot, due)) },
  };
}
