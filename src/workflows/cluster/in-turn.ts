import { condition } from '@temporalio/workflow';

/**
 * How many microtasks a continuation may take until it has sent its commands and waits again: more than three times the longest
 * chain of the workflow tests (18). They are not free: at 200 they were four fifths of a workflow's CPU time.
 */
const TICKS = 64;

let tail: Promise<void> = Promise.resolve();

/**
 * Continues what has waited in the order of completion, one after the other, each until it waits again.
 *
 * Several activities may complete in one workflow task. Whether their results come in one activation or in several depends on more than the
 * history: after a workflow task that timed out with its worker, the next worker got them one by one, and a later replay got them together.
 * Continuations that run side by side would then send their commands in another order, and the workflow would be stuck for good. In turn,
 * the order is the same either way. [measured: worker killed in a workflow task]
 */
export async function inTurn<T>(waited: Promise<T>): Promise<T> {
  try {
    const result = await waited;
    await turn();
    return result;
  } catch (error) {
    await turn();
    throw error;
  }
}

/** Passes over the conditions that a continuation may set off, one after the other. */
const PASSES = 2;

/**
 * Lets an update take effect after all that has completed before it, in the same activation.
 *
 * A workflow task that ends without a command, followed by one with an update, is one activation for a worker that has not cached the
 * workflow, and two for a later replay [Temporal, sdk-rust issue 1146, open]. In the one the SDK hands over the update before the results
 * that came first. An update that acts at once would send its commands in another order than the replay, and the workflow would be stuck
 * for good. [measured: worker killed after an empty workflow task]
 */
export async function afterResults(): Promise<void> {
  for (let pass = 0; pass < PASSES; pass += 1) {
    await settle();
    await nextPass();
  }
  await turn();
}

/** The SDK checks conditions when all microtasks have run, in the order in which they were set. */
function nextPass(): Promise<void> {
  let asked = false;
  return condition(() => {
    const holds = asked;
    asked = true;
    return holds;
  });
}

function turn(): Promise<void> {
  const mine = tail;
  tail = mine.then(settle);
  return mine;
}

async function settle(): Promise<void> {
  // One promise awaited again and again: the SDK notes a stack for each that is made.
  const tick = Promise.resolve();
  for (let ticks = 0; ticks < TICKS; ticks += 1) await tick;
}
