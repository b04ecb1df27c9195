import { slotName } from './ids.js';

/**
 * Slots of one pool whose instances one call launches: `first`, `first + step`, ... EC2 numbers the instances of a call (AmiLaunchIndex), and no one
 * can change the number: it tells which slot an instance has, before the instance has tags of its own. [ADR 0080]
 */
export interface LaunchBatch {
  pool: string;
  first: number;
  /** Slots are spread over the subnets by their index, so those of one subnet stand this far apart. */
  step: number;
  count: number;
}

/** What is in the slot, if a batch launched it. */
const BATCH_NAME = /^(.+)-(\d+)\+(\d+)$/;

/** So many lose little when EC2 refuses a call, and ten such calls fit into seconds. */
export const MOST_TOGETHER = 50;

/** Fewer agents wait for less than two seconds when each has a call of its own. [docs: EC2 API throttling, 5 at once and 2 a second] */
export const LEAST_TOGETHER = 6;

/** A proof tries each step: more subnets than this have batches of one. */
const MOST_STEP = 16;

/**
 * Returns the name of a batch, e.g. `workers-0+3`. It stands in the place of the slot in the call's tags and in its ClientToken, because a call has
 * one of each for all of its instances. No slot has a name with a plus sign.
 */
export const batchName = ({ pool, first, step }: LaunchBatch): string => `${slotName(pool, first)}+${step}`;

/** Returns the slots of a batch, in the order of EC2's launch index. */
export const slotsOfBatch = ({ pool, first, step, count }: LaunchBatch): string[] =>
  Array.from({ length: count }, (_, index) => slotName(pool, first + index * step));

/** Returns the slot that a tag names: itself, or the one with this launch index in the batch of that name. */
export function slotInTag(tag: string, launchIndex: number): string {
  const [, pool, first, step] = BATCH_NAME.exec(tag) ?? [];
  return pool === undefined ? tag : slotName(pool, Number(first) + launchIndex * Number(step));
}

/** Returns the names of all batches in which the slot can have this launch index. */
export function batchesWith(slot: string, launchIndex: number): string[] {
  const [, pool, number] = /^(.+)-(\d+)$/.exec(slot) ?? [];
  if (pool === undefined) return [];
  const steps = Array.from({ length: MOST_STEP }, (_, index) => index + 1);
  return steps.flatMap((step) => {
    const first = Number(number) - launchIndex * step;
    return first < 0 ? [] : [`${slotName(pool, first)}+${step}`];
  });
}

/**
 * Divides slots of one pool that are launched alike into batches, as large as they may be. Each slot is in one; those with a count of 1 are no
 * batches.
 *
 * @param indexes numbers of the slots, in any order
 */
export function divide(pool: string, indexes: readonly number[], most: number): LaunchBatch[] {
  const sorted = [...indexes].sort((a, b) => a - b);
  const batches: LaunchBatch[] = [];
  for (const index of sorted) {
    const open = batches.at(-1);
    const step = open === undefined ? 0 : open.count === 1 ? index - open.first : open.step;
    const follows = open !== undefined && index === open.first + open.count * step;
    if (follows && step <= MOST_STEP && open.count < most)
      batches[batches.length - 1] = { ...open, step, count: open.count + 1 };
    else batches.push({ pool, first: index, step: 1, count: 1 });
  }
  return batches;
}
