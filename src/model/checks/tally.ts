import type { Verdict } from '../conditions.js';
import type { ObservationFailure } from '../observation-failure.js';
import type { Known } from './known.js';

/** Of so many nodes a message says what is the matter. */
const NAMED = 3;

/** What is known of each node that is wanted, by the name of its slot. */
export type PerNode = readonly (readonly [slot: string, known: Known])[];

export interface Tallied {
  type: string;
  /** What the good ones are or have, e.g. `nodes are Ready`. */
  what: string;
  /** What a person can do where one is bad. */
  hint: string;
  nodes: PerNode;
  /** What keeps it from being seen now. */
  hidden: ObservationFailure | null;
}

/**
 * One condition of many nodes. True only when each was measured and is good; False as soon as one is bad; else no one knows. What is hidden is
 * Unknown, and the message says as what it was last seen.
 */
export function tally({ type, what, hint, nodes, hidden }: Tallied): Verdict {
  const of = (is: Known['is']) => nodes.filter(([, known]) => known.is === is);
  const [good, bad, unknown] = [of('good'), of('bad'), of('unmeasured')];
  const count = `${good.length} of ${nodes.length} ${what}`;
  if (hidden !== null) return unseen(type, hidden, count);
  const message = [count, ...said(bad), ...(bad.length === 0 ? said(unknown) : [])].join('; ');
  if (bad.length > 0)
    return {
      type,
      status: 'False',
      reason: good.length === 0 ? 'None' : 'Some',
      message,
      advice: hint,
      slots: bad.map(([slot]) => slot),
    };
  if (unknown.length > 0) return { type, status: 'Unknown', reason: 'NotMeasured', message, advice: '' };
  return { type, status: 'True', reason: 'All', message, advice: '' };
}

/** Not to see is not the same as to be broken. */
export const unseen = (type: string, { message, since }: ObservationFailure, before: string): Verdict => ({
  type,
  status: 'Unknown',
  reason: 'NotObserved',
  message: `not observed since ${since}: ${message.split('\n')[0]}; last seen: ${before}`,
  advice: '',
});

/** By what is the matter, so that one thing is said once. */
function said(nodes: PerNode): string[] {
  const byText = new Map<string, string[]>();
  for (const [slot, known] of nodes) {
    if (known.is === 'good') continue;
    byText.set(known.text, [...(byText.get(known.text) ?? []), slot]);
  }
  const named = [...byText].slice(0, NAMED).map(([text, slots]) => `${namesOf(slots)}: ${text}`);
  const more = byText.size - NAMED;
  return more > 0 ? [...named, `and ${more} more`] : named;
}

function namesOf(slots: readonly string[]): string {
  const more = slots.length - NAMED;
  return [...slots.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
