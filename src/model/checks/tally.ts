import type { ConditionResult } from '../conditions.js';
import type { ObservationFailure } from '../observation-failure.js';
import type { Known } from './known.js';

/** For so many nodes a message names the problem. */
const NAMED = 3;

/** What is known of each node of the document, by the name of its slot. */
export type PerNode = readonly (readonly [slot: string, known: Known])[];

export interface Tallied {
  type: string;
  /** Property of the good ones, e.g. `nodes are Ready`. */
  what: string;
  /** What a person can do about a bad one. */
  hint: string;
  nodes: PerNode;
  /** What keeps it from being observed now. */
  hidden: ObservationFailure | null;
}

/**
 * Returns one condition of many nodes. True only when each was measured and is good; False as soon as one is bad; else Unknown. A hidden
 * subject is Unknown, and the message says how it was last seen.
 */
export function tally({ type, what, hint, nodes, hidden }: Tallied): ConditionResult {
  const [bad, unknown]: [(typeof nodes)[number][], (typeof nodes)[number][]] = [[], []];
  for (const one of nodes) if (one[1].is !== 'good') (one[1].is === 'bad' ? bad : unknown).push(one);
  const good = nodes.length - bad.length - unknown.length;
  const count = `${good} of ${nodes.length} ${what}`;
  if (hidden !== null) return unseen(type, hidden, count);
  const message = [count, ...said(bad), ...(bad.length === 0 ? said(unknown) : [])].join('; ');
  if (bad.length > 0)
    return {
      type,
      status: 'False',
      reason: good === 0 ? 'None' : 'Some',
      message,
      hint: hint,
      slots: bad.map(([slot]) => slot),
    };
  if (unknown.length > 0) return { type, status: 'Unknown', reason: 'NotMeasured', message, hint: '' };
  return { type, status: 'True', reason: 'All', message, hint: '' };
}

/** An unseen node is not a broken node. */
export const unseen = (type: string, { message, since }: ObservationFailure, before: string): ConditionResult => ({
  type,
  status: 'Unknown',
  reason: 'NotObserved',
  message: `not observed since ${since}: ${message.split('\n')[0]}; last seen: ${before}`,
  hint: '',
});

/** Grouped by problem, so that each is said once. */
function said(nodes: PerNode): string[] {
  const byText = new Map<string, string[]>();
  for (const [slot, known] of nodes) {
    if (known.is === 'good') continue;
    const slots = byText.get(known.text);
    if (slots === undefined) byText.set(known.text, [slot]);
    else slots.push(slot);
  }
  const named = [...byText].slice(0, NAMED).map(([text, slots]) => `${namesOf(slots)}: ${text}`);
  const more = byText.size - NAMED;
  return more > 0 ? [...named, `and ${more} more`] : named;
}

function namesOf(slots: readonly string[]): string {
  const more = slots.length - NAMED;
  return [...slots.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
