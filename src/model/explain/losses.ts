import { classifyCode } from '../errors/index.js';
import { lossText } from '../state/instance.js';
import type { NodeStatus } from '../status.js';

/** How many lost instances a message names. */
const MOST_NAMED = 3;

/** The reasons of the events that tell of it. */
const CODES = { lost: 'InstanceLost', retired: 'InstanceRetired' } as const;

/** Why nodes are being replaced. */
export interface Losses {
  code: string;
  message: string;
  /** ISO 8601. */
  since: string;
  /** Empty where Keelson itself has ended the first one: its message says why. */
  hint: string;
}

/**
 * Returns which instances were lost, the first one first, until their successors have joined; null for none. Once the next instance is there no condition
 * says so: they tell what the cluster lacks.
 */
export function lossesIn(nodes: readonly NodeStatus[]): Losses | null {
  const losses = nodes.flatMap(({ slot, lost }) => (lost === undefined ? [] : [{ slot, lost }]));
  const [first] = losses.sort((a, b) => a.lost.at.localeCompare(b.lost.at));
  if (first === undefined) return null;
  const named = losses.slice(0, MOST_NAMED).map(({ slot, lost }) => `${slot}: ${lossText(lost)}`);
  const more = losses.length > MOST_NAMED ? `; and ${losses.length - MOST_NAMED} more` : '';
  const isRetired = first.lost.retired === true;
  return {
    code: isRetired ? CODES.retired : CODES.lost,
    message: `${named.join('; ')}${more}`,
    since: first.lost.at,
    hint: isRetired ? '' : classifyCode(CODES.lost).hint,
  };
}
